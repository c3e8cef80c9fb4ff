import { countReaders } from '../../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import { multiply, transposedMultiply } from '../../linalg/multiply.ts';
import { isPointwise, type WeightLayer } from '../../rewrite/layers.ts';
import { addSlopes, isSmoothOrHomogeneous } from './add-slopes.ts';
import type { RowRequest } from './observe.ts';

/** What errors of layers' outputs do further on. */
export interface OutputMetrics {
  /** statistics that `metricOf` asks for */
  requestsOf(layer: WeightLayer): readonly RowRequest[];
  /** undefined where nothing is known of what reads the outputs */
  metricOf(layer: WeightLayer, statistics: ReadonlyMap<string, Moments>): Matrix | undefined;
}

/** A layer, a function of each unit, and the layer that alone reads that. */
interface Link {
  readonly next: WeightLayer;
  readonly slopes: RowRequest;
}

/**
 * The metric G [N, N] of a layer's N outputs: an error e at one position costs e' G e further on. Over a chain of linear
 * layers with functions f of each unit between, back from the chain's end, where all errors cost the same:
 *
 *     G = (W' G_next W) o E[m m'],   m = f'(y) of each unit
 *
 * (the Gauss-Newton matrix of the outputs, layer by layer, weights and slopes taken for unrelated; Martens and Grosse 2015,
 * section 3).
 */
export function outputMetrics(graph: Graph, layers: readonly WeightLayer[]): OutputMetrics {
  const links = findLinks(graph, layers);
  const linksFrom = (layer: WeightLayer): Link[] => {
    const link = links.get(layer.y);
    return link ? [link, ...linksFrom(link.next)] : [];
  };
  const metricOf = (layer: WeightLayer, statistics: ReadonlyMap<string, Moments>): Matrix | undefined => {
    const link = links.get(layer.y);
    const slopes = link && statistics.get(link.slopes.key);
    if (!link || !slopes) return undefined;
    const { outputs, inputs, weights: stored } = link.next;
    const weights = makeMatrix(outputs, inputs, Float64Array.from(stored.data, Number));
    const behind = metricOf(link.next, statistics);
    const seen = transposedMultiply(weights, behind ? multiply(behind, weights) : weights);
    const shared = slopes.secondMoment().data;
    return makeMatrix(
      inputs,
      inputs,
      seen.data.map((v, i) => v * (shared[i] ?? 0)),
    );
  };
  return { requestsOf: (layer) => linksFrom(layer).map(({ slopes }) => slopes), metricOf };
}

function findLinks(graph: Graph, layers: readonly WeightLayer[]): ReadonlyMap<ValueId, Link> {
  const uses = countReaders(graph);
  const readers = new Map(graph.nodes.flatMap((node) => node.inputs.map((id) => [id, node] as const)));
  const byInput = new Map(layers.map((layer) => [layer.x, layer]));
  const found = layers.flatMap((layer) => {
    const between = uses.get(layer.y) === 1 ? readers.get(layer.y) : undefined;
    const [read = -1] = between?.outputs ?? [];
    const next = uses.get(read) === 1 ? byInput.get(read) : undefined;
    const isLink = between && next && isUnitFunction(graph, between, layer.y) && isAlike(layer, next);
    return isLink ? [{ layer, next, between }] : [];
  });
  if (found.length === 0) return new Map();
  const { graph: probe, slopes } = addSlopes(
    graph,
    found.map(({ between }) => between),
  );
  return new Map(
    found.map(({ layer, next }, i) => [
      layer.y,
      {
        next,
        slopes: {
          key: `slopes behind ${layer.name}`,
          values: [{ id: slopes[i] ?? -1, axis: layer.axis }],
          graph: probe,
        },
      },
    ]),
  );
}

/** A function of its first input, all others constants. */
const isUnitFunction = (graph: Graph, { op, inputs: [x, ...others] }: Node, y: ValueId): boolean =>
  isSmoothOrHomogeneous(op) && x === y && others.every((id) => graph.constants.has(id));

/** The next layer reads each position by itself. */
const isAlike = (layer: WeightLayer, next: WeightLayer): boolean =>
  next.op === layer.op && isPointwise(next) && next.positions === layer.positions && next.inputs === layer.outputs;
