import type { Indexable } from '../kernel/index-expr.ts';

/** Index of an operand of `sizes` broadcast to `axes`: aligned at the last dimension, 0 along dimensions of size 1. */
export function broadcastIndex(sizes: readonly number[], axes: readonly Indexable[]): Indexable[] {
  const missing = axes.length - sizes.length;
  return sizes.map((size, i) => (size === 1 ? 0 : (axes[i + missing] ?? 0)));
}

/** True when `sizes` broadcasts to `target` without changing it. */
export const broadcastsTo = (sizes: readonly number[], target: readonly number[]): boolean =>
  sizes.length <= target.length &&
  sizes.every((size, i) => size === 1 || size === target[i + target.length - sizes.length]);
