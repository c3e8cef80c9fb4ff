import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { elementCount } from '../tensor/shape.ts';

/** What training does with a constant. */
export type Role =
  /** moved down its gradient; `decays`: weight decay counts it */
  | { readonly kind: 'learnt'; readonly decays: boolean }
  /** kept by the layer that reads it: a running mean or variance */
  | { readonly kind: 'statistic' }
  /** part of what the network computes */
  | { readonly kind: 'fixed' };

/** Inputs of ops that are weights, by op: those that decay, and those that do not. */
const weights: Readonly<Record<string, { readonly decays: readonly number[]; readonly others: readonly number[] }>> = {
  linear: { decays: [1], others: [2] },
  conv: { decays: [1], others: [2] },
  convTranspose: { decays: [1], others: [2] },
  matmul: { decays: [0, 1], others: [] },
  gather: { decays: [0], others: [] },
  batchNorm: { decays: [], others: [1, 2] },
  layerNorm: { decays: [], others: [1, 2] },
  rmsNorm: { decays: [], others: [1] },
  groupNorm: { decays: [], others: [1, 2] },
  prelu: { decays: [], others: [1] },
  add: { decays: [], others: [0, 1] },
  sub: { decays: [], others: [0, 1] },
  mul: { decays: [], others: [0, 1] },
};

/** Below this a number that is added stands for "never": the masks of attentions. */
const never = -1e4;

/**
 * Roles of a graph's constants. Learnt are float32 weights of layers, scales and shifts of norms, tables that rows are
 * gathered from, and what is added or multiplied with more than one element and no mask; single numbers are part of a
 * formula.
 */
export function rolesOf(graph: Graph): Map<ValueId, Role> {
  const readers = new Map<ValueId, { readonly node: Node; readonly place: number }[]>();
  for (const node of graph.nodes)
    node.inputs.forEach((id, place) => {
      readers.set(id, [...(readers.get(id) ?? []), { node, place }]);
    });
  return new Map(
    [...graph.constants].map(([id, { dtype, data, shape }]): [ValueId, Role] => {
      const own = readers.get(id) ?? [];
      if (own.some(({ node, place }) => node.op === 'batchNorm' && place >= 3)) return [id, { kind: 'statistic' }];
      const decays = own.some(({ node, place }) => weights[node.op]?.decays.includes(place));
      const isWeight = decays || own.some(({ node, place }) => weights[node.op]?.others.includes(place));
      const isFormula = !own.some(({ node }) => isLayer(node)) && elementCount(shape) === 1;
      const isMask = data.some((v) => Number(v) <= never);
      if (dtype !== 'float32' || !isWeight || isFormula || isMask) return [id, { kind: 'fixed' }];
      return [id, { kind: 'learnt', decays: decays && shape.length > 1 }];
    }),
  );
}

const isLayer = ({ op }: Node): boolean => op !== 'add' && op !== 'sub' && op !== 'mul';
