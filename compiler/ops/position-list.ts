import { table } from '../kernel/expr.ts';
import { type Axis, addIndex, divIndex, type Index, scaleIndex, toIndex, valueIndex } from '../kernel/index-expr.ts';
import { given } from './given.ts';

/**
 * `positions[axis]` as an index, 0 <= position < limit: affine or a division where the list follows one, so that
 * fusion and vectorisation see through it, else a table.
 */
export function listedIndex(positions: readonly number[], axis: Axis, limit: number): Index {
  if (positions.length === 0) return toIndex(0);
  return affine(positions, axis) ?? repeated(positions, axis) ?? valueIndex(table('int32', positions, axis), limit);
}

/** first + step i */
function affine(positions: readonly number[], axis: Axis): Index | undefined {
  const first = given(positions[0]);
  const step = (positions[1] ?? first) - first;
  if (!positions.every((p, i) => p === first + step * i)) return undefined;
  return addIndex(first, scaleIndex(axis, step));
}

/** first + floor((i + shift) / times): each position `times` times in a row, the first perhaps less often. */
function repeated(positions: readonly number[], axis: Axis): Index | undefined {
  const first = given(positions[0]);
  const head = positions.findIndex((p) => p !== first);
  if (head < 0 || positions[head] !== first + 1) return undefined;
  const next = positions.findIndex((p, i) => i > head && p !== first + 1);
  const run = (next < 0 ? positions.length : next) - head;
  const times = Math.max(head, run);
  const shift = times - head;
  if (!positions.every((p, i) => p === first + Math.floor((i + shift) / times))) return undefined;
  return addIndex(first, divIndex(addIndex(axis, shift), times));
}
