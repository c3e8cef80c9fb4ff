import type { Expr } from '../../compiler/kernel/expr.ts';
import type { Axis, Index } from '../../compiler/kernel/index-expr.ts';

/**
 * Distance between the values of `index` in neighbouring lanes, when four lanes run along `axis` from a multiple of 4;
 * undefined when it is not the same between all lanes.
 */
export function laneStride(index: Index, axis: Axis, dependsOn: (e: Expr, axis: Axis) => boolean): number | undefined {
  let stride = 0;
  for (const { factor, atom } of index.terms) {
    if (atom === axis) stride += factor;
    else if (atom.kind === 'value') {
      if (dependsOn(atom.expr, axis)) return undefined;
    } else if (atom.kind !== 'axis') {
      const inner = laneStride(atom.index, axis, dependsOn);
      if (inner === 0) continue;
      if (inner !== 1 || !startsAligned(atom.index, axis) || atom.by % 4 !== 0) return undefined;
      if (atom.kind === 'mod') stride += factor; // four aligned lanes stay within one block of `by`
    }
  }
  return stride;
}

const startsAligned = (index: Index, axis: Axis): boolean =>
  index.offset % 4 === 0 && index.terms.every(({ factor, atom }) => atom === axis || factor % 4 === 0);
