import type { Expr } from './expr.ts';
import type { Axis, Index } from './index-expr.ts';

/**
 * Distance between the values of `index` in neighbouring lanes, when four lanes run along `axis`; undefined when it is
 * not the same between all lanes. `isAligned`: lane 0 is always at a multiple of 4.
 */
export function laneStride(
  index: Index,
  axis: Axis,
  isAligned: boolean,
  dependsOn: (e: Expr) => boolean,
): number | undefined {
  let stride = 0;
  for (const { factor, atom } of index.terms) {
    if (atom === axis) stride += factor;
    else if (atom.kind === 'value') {
      if (dependsOn(atom.expr)) return undefined;
    } else if (atom.kind !== 'axis') {
      const inner = laneStride(atom.index, axis, isAligned, dependsOn);
      if (inner === 0) continue;
      if (inner !== 1 || !isAligned || !startsAligned(atom.index, axis) || atom.by % 4 !== 0) return undefined;
      if (atom.kind === 'mod') stride += factor; // four aligned lanes stay within one block of `by`
    }
  }
  return stride;
}

/** Whether an index is a multiple of 4 wherever `axis` is. */
export const startsAligned = (index: Index, axis: Axis): boolean =>
  index.offset % 4 === 0 &&
  index.terms.every(
    ({ factor, atom }) =>
      factor % 4 === 0 ||
      atom === axis ||
      (atom.kind === 'mod' && atom.by % 4 === 0 && startsAligned(atom.index, axis)),
  );

/** The four lanes of an index are four neighbours in memory, the first at a multiple of 4. */
export const isVectorAccess = (index: Index, axis: Axis, dependsOn: (e: Expr) => boolean): boolean =>
  laneStride(index, axis, true, dependsOn) === 1 && startsAligned(index, axis);
