import { type EvaluatedValue, evaluateGraph, evaluateNode } from '../../ir/evaluate.ts';
import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { ops } from '../../ops/index.ts';
import { encodeData } from '../../tensor/convert.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import { toleranceOf } from './reference.ts';

/** Nodes whose discontinuity lies within rounding of their inputs, and the outputs that depend on them. */
export interface NearTies {
  readonly nodes: readonly string[];
  readonly outputs: ReadonlySet<string>;
}

const draws = 4;

/**
 * Finds the discontinuous nodes (floor, argmax, comparisons) that fall either way when their inputs move by no more than
 * the tolerance of those inputs. Tried with a few patterns of signs, since one shift may move both sides of a tie alike.
 */
export function findNearTies(graph: Graph, feeds: ReadonlyMap<string, Tensor>): NearTies {
  const suspects = graph.nodes.filter((node) => ops[node.op].tolerance === 'discontinuous');
  const watched = [...new Set(suspects.flatMap((node) => node.inputs))];
  const outputs = watched.map((value) => ({ name: String(value), value }));
  const exact = evaluateGraph({ ...graph, outputs }, feeds, 'float64');
  const rounded = evaluateGraph({ ...graph, outputs }, feeds, 'float32');
  const ties = suspects.filter((node) => isNearTie(node, exact, rounded));
  const tainted = new Set<ValueId>(ties.flatMap((node) => node.outputs));
  for (const node of graph.nodes) {
    if (node.inputs.some((id) => tainted.has(id))) for (const id of node.outputs) tainted.add(id);
  }
  return {
    nodes: ties.map((node) => node.name),
    outputs: new Set(graph.outputs.filter(({ value }) => tainted.has(value)).map(({ name }) => name)),
  };
}

function isNearTie(
  node: Node,
  exact: ReadonlyMap<string, EvaluatedValue>,
  rounded: ReadonlyMap<string, EvaluatedValue>,
): boolean {
  const inputs = node.inputs.map((id) => {
    const value = exact.get(String(id));
    const other = rounded.get(String(id));
    if (!value || !other) throw new Error(`internal: value ${id} was not evaluated`);
    return { value, tolerance: toleranceOf(value.type.dtype, value.data, other.data) };
  });
  const evaluate = (move: (operand: number, element: number) => number): Buffer => {
    const tensors = inputs.map(({ value, tolerance }, operand) => {
      const { dtype, shape } = value.type;
      if (!isFloat(dtype)) return makeTensor(dtype, shape, value.data);
      const moved = new Float64Array(value.data.length);
      for (let i = 0; i < moved.length; i++) moved[i] = Number(value.data[i]) + tolerance * move(operand, i);
      return makeTensor(dtype, shape, encodeData(dtype, moved));
    });
    const results = evaluateNode(node.op, node.attributes, tensors);
    return Buffer.concat(results.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  };
  const settled = evaluate(() => 0);
  for (let draw = 0; draw < draws; draw++) {
    const sign = (operand: number, i: number): number =>
      (Math.imul(i + 1 + 7919 * operand, 0x9e3779b1 + 2 * draw) >>> 16) & 1 ? 1 : -1;
    if (!evaluate(sign).equals(settled)) return true;
    if (!evaluate((operand, i) => -sign(operand, i)).equals(settled)) return true;
  }
  return false;
}
