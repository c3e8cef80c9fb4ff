import type { Expr } from '../../compiler/kernel/expr.ts';
import type { Axis, Index } from '../../compiler/kernel/index-expr.ts';

/**
 * Lanes run along `axis`: lane l stands at axis value v + l, where v is a multiple of 4. The step of an index from lane
 * to lane; undefined when it has none that is the same everywhere.
 */
export function laneStride(index: Index, axis: Axis, varies: (e: Expr) => boolean): number | undefined {
  let stride = 0;
  for (const { factor, atom } of index.terms) {
    switch (atom.kind) {
      case 'axis':
        if (atom === axis) stride += factor;
        break;
      case 'value':
        if (varies(atom.expr)) return undefined;
        break;
      case 'div':
      case 'mod': {
        const inner = laneStride(atom.index, axis, varies);
        if (inner === 0) break;
        // Four lanes from a multiple of 4 on never straddle a multiple of `by`.
        if (inner !== 1 || atom.by % 4 !== 0 || !startsAligned(atom.index, axis)) return undefined;
        if (atom.kind === 'mod') stride += factor;
        break;
      }
      default:
        return atom satisfies never;
    }
  }
  return stride;
}

/** Whether lane 0 of an index is always a multiple of 4. */
export const startsAligned = (index: Index, axis: Axis): boolean =>
  index.offset % 4 === 0 &&
  index.terms.every(
    ({ factor, atom }) =>
      factor % 4 === 0 ||
      atom === axis ||
      (atom.kind === 'mod' && atom.by % 4 === 0 && startsAligned(atom.index, axis)),
  );

/** The four lanes of an index are four neighbours in memory, starting at a multiple of 4. */
export const isVectorAccess = (index: Index, axis: Axis, varies: (e: Expr) => boolean): boolean =>
  laneStride(index, axis, varies) === 1 && startsAligned(index, axis);
