import { countReaders } from '../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { flowsOutOf } from '../rewrite/channel-flow.ts';
import { sizedNode } from '../rewrite/cut-width.ts';
import { sizeAt, sizesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A linear layer or convolution, grouped ones too, with float32 weights and bias that nothing else reads. */
export interface OwnLayer {
  readonly node: Node;
  readonly weights: { readonly id: ValueId; readonly tensor: Tensor };
  readonly bias: { readonly id: ValueId; readonly tensor: Tensor } | undefined;
}

/**
 * Two layers with functions f between for which f(s h) = s f(h) of each unit for s > 0, and no other reader: what scales
 * the units down before scales them up behind.
 */
export interface HomogeneousPair {
  readonly writer: OwnLayer;
  readonly reader: OwnLayer;
  /** what the reader reads, with the dimension of its features and the unit, which is a row of the writer, of each */
  readonly x: { readonly value: ValueId; readonly axis: number; readonly units: readonly number[] };
}

/** All pairs of a graph in the order of their writers. */
export function findHomogeneousPairs(graph: Graph): HomogeneousPair[] {
  const uses = countReaders(graph);
  const layers = new Map(graph.nodes.flatMap((node) => ownLayers(graph, node, uses)));
  const readers = new Map(graph.nodes.flatMap((node) => node.inputs.map((id) => [id, node] as const)));
  const sizes = (id: ValueId): readonly number[] => sizesOf(graph.values.get(id)?.type.shape ?? []);
  return [...layers.values()].flatMap((writer): HomogeneousPair[] => {
    let [value = -1] = writer.node.outputs;
    let axis = featureAxis(writer.node, sizes(value).length);
    let units: readonly number[] = Array.from({ length: sizeAt(writer.weights.tensor.shape, 0) }, (_, n) => n);
    for (;;) {
      const node = uses.get(value) === 1 ? readers.get(value) : undefined;
      if (!node) return [];
      const reader = layers.get(node);
      if (reader) {
        const isRead = node.inputs[0] === value && axis === featureAxis(node, sizes(value).length);
        return isRead ? [{ writer, reader, x: { value, axis, units } }] : [];
      }
      const [next] = node.outputs;
      const input = node.inputs.indexOf(value);
      const found = isHomogeneous(graph, node) ? flowsOutOf(sizedNode(node, sizes), input, axis) : undefined;
      const flow = found?.flows.find((one) => one.input === input);
      if (!found || !flow || next === undefined) return [];
      units = flow.source.map((feature) => units[feature] ?? -1);
      axis = found.axis;
      value = next;
    }
  });
}

const featureAxis = ({ op }: Node, rank: number): number => (op === 'linear' ? rank - 1 : 1);

function ownLayers(graph: Graph, node: Node, uses: ReadonlyMap<ValueId, number>): [Node, OwnLayer][] {
  if ((node.op !== 'linear' && node.op !== 'conv') || node.attributes.inputScale !== undefined) return [];
  const [, w, b] = node.inputs;
  const own = (id: ValueId | undefined) => {
    const tensor = id === undefined ? undefined : graph.constants.get(id);
    const isOwn = id !== undefined && uses.get(id) === 1 && tensor?.dtype === 'float32' && !tensor.stored;
    return isOwn ? { id, tensor } : undefined;
  };
  const [weights, bias] = [own(w), own(b)];
  return weights && (b === undefined || bias) ? [[node, { node, weights, bias }]] : [];
}

/** Activations with f(s x) = s f(x) for s > 0. */
export const homogeneousActivations: readonly Node['op'][] = ['relu', 'leakyRelu', 'prelu'];

const alwaysHomogeneous: ReadonlySet<Node['op']> = new Set([
  ...homogeneousActivations.filter((op) => op !== 'prelu'),
  'abs',
  'neg',
  'identity',
  'maxPool',
  'averagePool',
  'lpPool',
  'reshape',
  'transpose',
  'slice',
  'resize',
]);

/** Of one live input. */
function isHomogeneous(graph: Graph, { op, inputs, attributes }: Node): boolean {
  if (alwaysHomogeneous.has(op)) return op !== 'resize' || attributes.coordinates !== 'tf_crop_and_resize';
  if (op === 'prelu') return graph.constants.has(inputs[1] ?? -1);
  if (op === 'reduce') return ['sum', 'mean', 'max', 'min', 'l1', 'l2'].includes(String(attributes.kind));
  return op === 'pad' && (attributes.mode ?? 'constant') === 'constant' && Number(attributes.value ?? 0) === 0;
}
