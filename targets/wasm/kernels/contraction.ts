import type { Expr } from '../../../compiler/kernel/expr.ts';
import {
  type Axis,
  addIndex,
  type Index,
  type Indexable,
  isAffine,
  makeAxis,
  scaleIndex,
  strideAlong,
  substituteIndex,
  toIndex,
} from '../../../compiler/kernel/index-expr.ts';
import type { ContractionKernel, LiveCodes, PackedCodes } from '../../../compiler/kernel/nest.ts';
import { dependsOn, indicesIn, rewrite } from '../../../compiler/kernel/traverse.ts';
import { inWholeGroups } from '../../../compiler/kernel/whole-groups.ts';
import { dim } from '../../../compiler/tensor/shape.ts';

/**
 * A contraction with the fewest axes: none of extent 1, neighbours merged where every access walks them as one, and
 * batch axes that B does not see counted as rows.
 */
export interface Contraction {
  readonly form: ContractionKernel['form'];
  readonly batch: readonly Axis[];
  readonly m: readonly Axis[];
  readonly n: Axis;
  readonly k: readonly Axis[];
  readonly a: Index;
  /** Packed: offset of the batch's first panel, in elements or words. Live: offset over batch, k and n. */
  readonly b: OperandOfB & { readonly offset: Index };
  readonly store: Index;
  readonly epilogue: Expr;
}

type OperandOfB = { readonly kind: 'packed' | 'live' } | OperandOfCodes;

export type OperandOfCodes = Omit<PackedCodes, 'batchStride'> | LiveOperandOfCodes;

export interface LiveOperandOfCodes extends Omit<LiveCodes, 'offset'> {
  /** points along the last axis of k that there are: the contraction's axis is filled up to groups of four */
  readonly run: number;
}

export const extentOf = (axis: Axis): number => axis.extent.size;
export const pointsOf = (axes: readonly Axis[]): number => axes.reduce((count, a) => count * extentOf(a), 1);

export function simplify(given: ContractionKernel): Contraction {
  const kernel = inWholeGroups(given);
  const run = given.k.at(-1)?.extent.size ?? 0;
  const whole: Contraction = { ...kernel, a: kernel.a.offset, b: offsetOfB(kernel, run), store: kernel.store.offset };
  const indices = [whole.a, whole.b.offset, whole.store];
  if (!indices.every(isAffine)) throw new TypeError(`internal: ${kernel.name} has an access that is not affine`);
  return mergeAll(rowsFromBatch(dropUnitAxes(whole)));
}

function offsetOfB(kernel: ContractionKernel, run: number): Contraction['b'] {
  if (kernel.b.kind === 'live') return kernel.b;
  if (kernel.b.kind === 'live8') return { ...kernel.b, run };
  let offset = toIndex(0);
  let stride = kernel.b.batchStride;
  for (const axis of kernel.batch.toReversed()) {
    offset = addIndex(offset, scaleIndex(axis, stride));
    stride *= extentOf(axis);
  }
  return kernel.b.kind === 'packed' ? { kind: 'packed', offset } : { ...kernel.b, offset };
}

function substitute(c: Contraction, axis: (a: Axis) => Indexable): Contraction {
  const inIndex = (index: Index): Index => substituteIndex(index, axis, (e) => rewrite(e, axis));
  return {
    ...c,
    a: inIndex(c.a),
    b: { ...c.b, offset: inIndex(c.b.offset) },
    store: inIndex(c.store),
    epilogue: rewrite(c.epilogue, axis),
  };
}

function dropUnitAxes(c: Contraction): Contraction {
  const isLong = (axis: Axis): boolean => extentOf(axis) !== 1;
  const unit = new Set([...c.batch, ...c.m, ...c.k].filter((axis) => !isLong(axis)));
  const kept = { ...c, batch: c.batch.filter(isLong), m: c.m.filter(isLong), k: c.k.filter(isLong) };
  return unit.size === 0 ? kept : substitute(kept, (axis) => (unit.has(axis) ? 0 : axis));
}

function rowsFromBatch(c: Contraction): Contraction {
  const isShared = (axis: Axis): boolean => strideIn(c.b.offset, axis) === 0;
  return { ...c, batch: c.batch.filter((a) => !isShared(a)), m: [...c.batch.filter(isShared), ...c.m] };
}

/** Elements per step of an axis in an affine offset. */
export function strideIn(offset: Index, axis: Axis): number {
  return offset.terms.find((t) => t.atom === axis)?.factor ?? 0;
}

function mergeAll(c: Contraction): Contraction {
  const shared = [c.a, c.b.offset, c.store, ...indicesIn(c.epilogue)];
  for (const list of ['batch', 'm', 'k'] as const) {
    if (list === 'k' && c.b.kind === 'live8') continue;
    const users = list === 'k' ? [c.a, c.b.offset] : shared;
    for (let i = 0; i + 1 < c[list].length; i++) {
      const outer = c[list][i];
      const inner = c[list][i + 1];
      if (!outer || !inner || !users.every((index) => walksAsOne(index, outer, inner))) continue;
      const merged = makeAxis(`${outer.name}${inner.name}`, dim(extentOf(outer) * extentOf(inner)));
      const axes = [...c[list].slice(0, i), merged, ...c[list].slice(i + 2)];
      const renamed = substitute(c, (axis) => (axis === inner ? merged : axis === outer ? 0 : axis));
      return mergeAll({ ...renamed, [list]: axes });
    }
  }
  return c;
}

function walksAsOne(index: Index, outer: Axis, inner: Axis): boolean {
  const outerStride = strideAlong(index, outer, dependsOn);
  const innerStride = strideAlong(index, inner, dependsOn);
  return innerStride !== undefined && outerStride === innerStride * extentOf(inner);
}

/** The same rows as two axes, the inner one `block` long; `block` divides the axis. */
export function splitRows(c: Contraction, axis: Axis, block: number): Contraction {
  const outer = makeAxis(`${axis.name}o`, dim(extentOf(axis) / block));
  const inner = makeAxis(`${axis.name}i`, dim(block));
  const together = addIndex(scaleIndex(outer, block), inner);
  const m = c.m.flatMap((a) => (a === axis ? [outer, inner] : [a]));
  return { ...substitute(c, (a) => (a === axis ? together : a)), m };
}
