import { dim } from '../tensor/shape.ts';
import { type Axis, type Index, makeAxis, substituteIndex } from './index-expr.ts';
import type { ContractionKernel } from './nest.ts';
import { codesPerWord } from './quantization.ts';

const upToGroups = (extent: number): number => Math.ceil(extent / codesPerWord) * codesPerWord;

/** Rows of a panel of int8 codes: the last axis of k is filled up to whole groups of four. */
export function codeRows(k: readonly Axis[]): number {
  const inner = k.at(-1);
  const outer = k.slice(0, -1).reduce((rows, axis) => rows * axis.extent.size, 1);
  return inner ? outer * upToGroups(inner.extent.size) : 0;
}

/**
 * A contraction of int8 codes with its last axis of k filled up, where B counts as zero, so that it does not matter what A
 * holds. A, and a live B, then reach up to three steps beyond their slots.
 */
export function inWholeGroups(kernel: ContractionKernel): ContractionKernel {
  const inner = kernel.k.at(-1);
  if ((kernel.b.kind !== 'packed8' && kernel.b.kind !== 'live8') || !inner || inner.extent.size % codesPerWord === 0)
    return kernel;
  const filled = makeAxis(inner.name, dim(upToGroups(inner.extent.size)));
  const moved = (index: Index): Index =>
    substituteIndex(
      index,
      (axis) => (axis === inner ? filled : axis),
      (e) => e,
    );
  const b = kernel.b.kind === 'live8' ? { ...kernel.b, offset: moved(kernel.b.offset) } : kernel.b;
  return { ...kernel, k: [...kernel.k.slice(0, -1), filled], a: { ...kernel.a, offset: moved(kernel.a.offset) }, b };
}
