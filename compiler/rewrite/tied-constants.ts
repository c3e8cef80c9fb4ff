import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The node is a linear layer or convolution of these weights. */
export const isWeightOf = ({ op, inputs }: Node, constant: ValueId): boolean =>
  (op === 'linear' || op === 'conv') && inputs[1] === constant && inputs[0] !== constant && inputs[2] !== constant;

/** The node gathers rows of this table [V, d] at indices that are not known. */
export const isTableOf = (graph: Graph, { op, inputs, attributes }: Node, constant: ValueId): boolean =>
  op === 'gather' &&
  inputs[0] === constant &&
  !graph.constants.has(inputs[1] ?? constant) &&
  Number(attributes.axis ?? 0) === 0 &&
  graph.constants.get(constant)?.shape.length === 2;

/**
 * Embedding tables that hold what the weights of a linear layer do, each with the constant of those weights: exporters
 * write tied embeddings as one constant, but transposing it for the layer makes two of it.
 */
export function tiedConstants(graph: Graph): ReadonlyMap<ValueId, ValueId> {
  const weights = new Set(graph.nodes.flatMap((node) => (node.op === 'linear' ? (node.inputs[1] ?? []) : [])));
  const tables = new Set(graph.nodes.flatMap((node) => (node.op === 'gather' ? (node.inputs[0] ?? []) : [])));
  const ties = new Map<ValueId, ValueId>();
  for (const table of tables) {
    const rows = graph.constants.get(table);
    if (!rows || weights.has(table)) continue;
    for (const id of weights) {
      const other = graph.constants.get(id);
      if (other && isEqual(rows, other)) {
        ties.set(table, id);
        break;
      }
    }
  }
  return ties;
}

function isEqual(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || a.stored || b.stored || !sameShape(a.shape, b.shape)) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}
