import { expect } from 'vitest';

/** Deterministic values in -1 .. 1 that are multiples of 1/64, so that float32 holds them. */
export function valuesOf(count: number, seed: number): number[] {
  let state = seed * 2654435761 + 12345;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 25) - 64) / 64;
  });
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** d(sum of weights * f(x)) / dx by central differences in float64. */
export function differences(
  f: (x: readonly number[]) => readonly number[],
  x: readonly number[],
  weights: readonly number[],
  step = 2 ** -10,
): number[] {
  const loss = (at: readonly number[]): number => f(at).reduce((sum, y, i) => sum + y * weights[i]!, 0);
  return x.map((_, i) => {
    const moved = (by: number) => x.map((value, j) => (j === i ? value + by : value));
    return (loss(moved(step)) - loss(moved(-step))) / (2 * step);
  });
}

/** Every element within `tolerance` of the largest that is expected, at least of 1. */
export function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  const allowed = tolerance * Math.max(1, ...expected.map(Math.abs));
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!) || 0), 0);
  expect(Array.from(actual).every(Number.isFinite)).toBe(true);
  expect(worst).toBeLessThanOrEqual(allowed);
}
