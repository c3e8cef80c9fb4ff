import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { type Matrix, makeMatrix } from '../linalg/matrix.ts';
import { elementCount, sizeAt, sizesOf } from '../tensor/shape.ts';
import { float32, oneTap } from './factor-layer.ts';
import { type Rewriter, type Rule, rebuild } from './rebuild.ts';

/**
 * Layers in a row with nothing between in the place of one: y = F_n ... F_1 x + b. The first reads what the one layer did,
 * every tap of a convolution; the others mix at one position; the last has the bias and the name.
 */
interface LayerProduct {
  readonly x: ValueId;
  /** of F_1 */
  readonly node: Node;
  /** sizes of its weights behind the first: [K] or [C, taps...] */
  readonly tail: readonly number[];
  /** F_1 first, float64 */
  readonly factors: readonly Matrix[];
}

/** What a layer's factors become. */
export type TurnFactors = (factors: readonly Matrix[], weights: string) => readonly Matrix[];

export interface RewrittenProducts {
  readonly graph: Graph;
  /** weights of the layers that were not found as they should be */
  readonly missed: readonly string[];
}

/** Names of the weights of n factors, F_1 first; one factor is the layer itself. */
export const factorNames = (weights: string, count: number): string[] =>
  count === 1 ? [weights] : Array.from({ length: count }, (_, i) => `${weights}.factor${i + 1}`);

/**
 * Gives layers other factors: `counts` has how many each now has, by the name of its weights. As many layers are written as
 * `turn` answers matrices, whose outer sizes are the layer's.
 */
export function rewriteProducts(
  graph: Graph,
  counts: ReadonlyMap<string, number>,
  turn: TurnFactors,
): RewrittenProducts {
  const ends = new Map([...counts].map(([weights, count]) => [factorNames(weights, count).at(-1), weights]));
  const found = new Set<string>();
  const rule: Rule = ({ node, inputs }, rewriter) => {
    const [, w, bias] = inputs;
    const weights = w === undefined ? undefined : ends.get(rewriter.nameOf(w));
    if (weights === undefined) return undefined;
    const product = readProduct(node, inputs, factorNames(weights, counts.get(weights) ?? 1), rewriter);
    if (!product) return undefined;
    found.add(weights);
    const factors = turn(product.factors, weights);
    return [writeProduct({ ...product, factors }, weights, node.name, bias, rewriter)];
  };
  const rewritten = rebuild(graph, [rule]).graph;
  return { graph: rewritten, missed: [...counts.keys()].filter((weights) => !found.has(weights)) };
}

/** Backwards from the last factor; undefined where something stands between. */
function readProduct(
  last: Node,
  inputs: readonly ValueId[],
  names: readonly string[],
  rewriter: Rewriter,
): LayerProduct | undefined {
  const factors: Matrix[] = [];
  let product: LayerProduct | undefined;
  let visit: { readonly node: Node; readonly inputs: readonly ValueId[] } | undefined = { node: last, inputs };
  for (const name of names.toReversed()) {
    const [x, w, bias] = visit?.inputs ?? [];
    const weights = w === undefined ? undefined : rewriter.known(w);
    if (!visit || x === undefined || w === undefined || !weights || rewriter.nameOf(w) !== name) return undefined;
    if (!isLayer(visit.node) || (product && bias !== undefined)) return undefined;
    const rows = sizeAt(weights.shape, 0);
    factors.unshift(makeMatrix(rows, elementCount(weights.shape) / rows, Float64Array.from(weights.data, Number)));
    product = { x, node: visit.node, tail: sizesOf(weights.shape).slice(1), factors };
    const producer = rewriter.producer(x);
    visit = producer && { node: producer, inputs: producer.inputs };
  }
  return product;
}

const isLayer = ({ op }: Node): boolean => op === 'linear' || op === 'conv';

function writeProduct(
  { x, node, tail, factors }: LayerProduct,
  weights: string,
  name: string,
  bias: ValueId | undefined,
  rewriter: Rewriter,
): ValueId {
  const names = factorNames(weights, factors.length);
  const taps = tail.slice(1).map(() => 1);
  return factors.reduce((from, { rows, columns, data }, i) => {
    const isLast = i === factors.length - 1;
    const sizes = i === 0 ? [rows, ...tail] : [rows, columns, ...taps];
    const attributes = i > 0 && node.op === 'conv' ? oneTap(taps.length) : i === 0 ? node.attributes : {};
    const parameters = [
      rewriter.constant(float32(sizes, data), names[i]),
      ...(isLast && bias !== undefined ? [bias] : []),
    ];
    return rewriter.add(node.op, [from, ...parameters], attributes, isLast ? name : `${name}.factor${i + 1}`);
  }, x);
}
