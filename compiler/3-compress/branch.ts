import type { Node, ValueId } from '../ir/graph.ts';
import type { ValueView } from '../rewrite/unit-map.ts';
import { elementCount, sizeAt } from '../tensor/shape.ts';

/**
 * The nodes of a branch f, y = f(x): all that y needs besides x and constants, in execution order. Undefined where it
 * needs something else, others read values between the two, or the branch has more than `most` nodes.
 */
export function branchBetween(view: ValueView, x: ValueId, y: ValueId, most: number): readonly Node[] | undefined {
  const nodes = new Set<Node>();
  const reads = new Map<ValueId, number>([[y, 1]]);
  const waiting = new Set([y]);
  for (const id of waiting) {
    const node = id === x ? undefined : view.producer(id);
    if (!node || nodes.size >= most) return undefined;
    if (nodes.has(node)) continue;
    nodes.add(node);
    for (const input of node.inputs) {
      if (input === x || view.known(input)) continue;
      reads.set(input, (reads.get(input) ?? 0) + 1);
      waiting.add(input);
    }
  }
  const isClosed = [...nodes].every((node) => node.outputs.every((id) => view.uses(id) === (reads.get(id) ?? 0)));
  const isReached = [...nodes].some((node) => node.inputs.includes(x));
  return isClosed && isReached ? [...nodes].reverse() : undefined;
}

export const isLayer = ({ op }: Node): boolean => op === 'linear' || op === 'conv';

/** Weights of a layer, without its bias. */
export function weightsOfNode(view: ValueView, { inputs: [, w] }: Node): number {
  return w === undefined ? 0 : elementCount(view.typeOf(w).shape);
}

/** Multiply-adds of layers, matrix products and attention; 0 for what has few. */
export function macsOfNode(view: ValueView, node: Node): number {
  const [y] = node.outputs;
  const [first, second] = node.inputs;
  if (y === undefined || first === undefined || second === undefined) return 0;
  const { shape } = view.typeOf(y);
  const count = elementCount(shape);
  if (isLayer(node)) return (weightsOfNode(view, node) / sizeAt(view.typeOf(second).shape, 0)) * count;
  if (node.op === 'matmul') return count * sizeAt(view.typeOf(first).shape, -1);
  if (node.op !== 'attention') return 0;
  const [depth, width] = [sizeAt(view.typeOf(first).shape, -1), sizeAt(shape, -1)];
  return (count / width) * sizeAt(view.typeOf(second).shape, -2) * (depth + width);
}
