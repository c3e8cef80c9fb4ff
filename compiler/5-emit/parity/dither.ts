import { evaluateGraph } from '../../ir/evaluate.ts';
import type { Graph, Node } from '../../ir/graph.ts';
import { maxActivationCode } from '../../kernel/quantization.ts';
import { type Rule, rebuild } from '../../rewrite/rebuild.ts';
import { elementCount } from '../../tensor/shape.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import type { Reference } from './reference.ts';

/** What codes of int8 layers that fall the other way may do to each output. */
export interface CodeTies {
  /** the layers, by name */
  readonly nodes: readonly string[];
  /** absolute, by output */
  readonly tolerances: ReadonlyMap<string, number>;
}

/** Of a layer's range: what float32 rounds off over a few ops. */
const moved = 1e-6;
const margin = 4;

/**
 * One code next to a tie that another engine rounds otherwise moves all that follows it. So every int8 layer's input is
 * moved by rounding errors, in a pattern of ups and downs and in its opposite; 4 times the largest change of an output is
 * its tolerance.
 */
export function measureCodeTies(
  graph: Graph,
  feeds: ReadonlyMap<string, Tensor>,
  references: readonly Reference[],
): CodeTies {
  const layers = graph.nodes.filter(isQuantized);
  if (layers.length === 0) return { nodes: [], tolerances: new Map() };
  const results = [moved, -moved].map((by) => evaluateGraph(ditherCodes(graph, by), feeds, 'float64'));
  const tolerances = references.map(({ name, expected }): [string, number] => {
    let largest = 0;
    for (const values of results) {
      const { data } = values.get(name) ?? { data: [] };
      for (let i = 0; i < data.length; i++) {
        const change = Math.abs(Number(data[i]) - Number(expected[i]));
        if (Number.isFinite(change)) largest = Math.max(largest, change);
      }
    }
    return [name, margin * largest];
  });
  return { nodes: layers.map((node) => node.name), tolerances: new Map(tolerances) };
}

const isQuantized = ({ attributes }: Node): boolean => typeof attributes.inputScale === 'number';

/** The graph with the input of every int8 layer moved by `amount` of its range, up or down in a fixed pattern. */
function ditherCodes(graph: Graph, amount: number): Graph {
  const rule: Rule = ({ node, inputs: [x, ...rest] }, rewriter) => {
    const { inputScale } = node.attributes;
    if (typeof inputScale !== 'number' || x === undefined) return undefined;
    const { dtype, shape } = rewriter.typeOf(x);
    const by = amount * maxActivationCode * inputScale;
    const moves = Float32Array.from({ length: elementCount(shape) }, (_, i) => (isUp(i) ? by : -by));
    const inexact = rewriter.add('add', [x, rewriter.constant(makeTensor(dtype, shape, moves))]);
    return [rewriter.add(node.op, [inexact, ...rest], node.attributes, node.name)];
  };
  return rebuild(graph, [rule]).graph;
}

const isUp = (i: number): boolean => ((Math.imul(i + 1, 0x9e3779b1) >>> 16) & 1) === 1;
