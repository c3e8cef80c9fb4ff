import type { ValueId } from '../../../ir/graph.ts';
import { numbersOf } from '../../../tensor/convert.ts';
import type { Importer, OnnxNode } from '../node.ts';

/** Bounds are attributes until opset 6 of the operator, inputs from 11 on. */
export const importClip: Importer = (node) => {
  const x = node.input(0);
  const lowest = node.has('min') ? node.float('min', 0) : knownBound(node, 1);
  const highest = node.has('max') ? node.float('max', 0) : knownBound(node, 2);
  if (lowest !== undefined && highest !== undefined) return clipToNumbers(node, x, lowest, highest);
  const raised = bound(node, x, 1, 'max');
  return bound(node, raised, 2, 'min');
};

const clipToNumbers = (node: OnnxNode, x: ValueId, min: number, max: number): ValueId =>
  min === -Infinity && max === Infinity ? x : node.emit('clip', [x], { min, max });

/** An infinite bound for none; undefined for one that is not known, or that a number does not hold exactly. */
function knownBound(node: OnnxNode, i: number): number | undefined {
  const id = node.optional(i);
  if (id === undefined) return i === 1 ? -Infinity : Infinity;
  const tensor = node.known(id);
  const [value] = tensor === undefined ? [] : numbersOf(tensor);
  const isExact = tensor?.dtype !== 'int64' && tensor?.dtype !== 'uint64' ? true : Number.isSafeInteger(value);
  return isExact ? value : undefined;
}

function bound(node: OnnxNode, x: ValueId, i: number, op: 'max' | 'min'): ValueId {
  const id = node.optional(i);
  return id === undefined ? x : node.emit(op, [x, node.reshape(id, [])]);
}
