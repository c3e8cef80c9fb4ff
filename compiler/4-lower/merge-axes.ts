import type { Axis, Index } from '../kernel/index-expr.ts';
import { makeAxis } from '../kernel/index-expr.ts';
import { dim } from '../tensor/shape.ts';

/**
 * Two loops as one, where every index runs through both as through one: factor(outer) = extent(inner) * factor(inner).
 * Undefined when some index does not, or divides one of the axes.
 */
export function mergePair(
  outer: Axis,
  inner: Axis,
  indices: readonly Index[],
): { readonly axis: Axis; readonly replace: (index: Index) => Index } | undefined {
  if (!indices.every((index) => runsThrough(index, outer, inner))) return undefined;
  const axis = makeAxis(`${outer.name}${inner.name}`, dim(outer.extent.size * inner.extent.size));
  const replace = (index: Index): Index => ({
    offset: index.offset,
    terms: index.terms.filter((t) => t.atom !== outer).map((t) => (t.atom === inner ? { ...t, atom: axis } : t)),
  });
  return { axis, replace };
}

function runsThrough(index: Index, outer: Axis, inner: Axis): boolean {
  if (!index.terms.every((t) => t.atom.kind === 'axis')) return false;
  const factor = (axis: Axis): number => index.terms.find((t) => t.atom === axis)?.factor ?? 0;
  return factor(outer) === inner.extent.size * factor(inner);
}

/** Merges neighbours of `axes` (outermost first) while `indices` allow; returns the axes left and the indices' rewrite. */
export function mergeNeighbours(
  axes: readonly Axis[],
  indices: readonly Index[],
): { readonly axes: readonly Axis[]; readonly replace: (index: Index) => Index } {
  let current = [...axes];
  let replaceAll = (index: Index): Index => index;
  for (let i = current.length - 2; i >= 0; i--) {
    const [outer, inner] = [current[i], current[i + 1]];
    if (!outer || !inner) continue;
    const merged = mergePair(outer, inner, indices.map(replaceAll));
    if (!merged) continue;
    const before = replaceAll;
    replaceAll = (index) => merged.replace(before(index));
    current = [...current.slice(0, i), merged.axis, ...current.slice(i + 2)];
  }
  return { axes: current, replace: replaceAll };
}
