import { type Matrix, makeMatrix } from './matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from './multiply.ts';

/** Householder reflections H_i = I - factors[i] v_i v_iᵀ, v_i the rows of vectors [count, length]. */
export interface Reflectors {
  readonly vectors: Matrix;
  readonly factors: Float64Array;
}

/** Squares below this are taken for zero: callers scale their matrices to about 1. */
const negligible = 1e-290;

/**
 * Turns x into the v (1 at the pivot, no element above 1) of the reflection that maps x onto its pivot axis. `at` is
 * the image's one element, factor is in [1, 2], or 0 where x lies on the axis (LAPACK dlarfg).
 */
export function makeReflector(x: Float64Array, pivot: number): { factor: number; at: number } {
  const head = x[pivot] as number;
  let rest = 0;
  x[pivot] = 0;
  for (const value of x) rest += value * value;
  if (rest < negligible) {
    x.fill(0);
    return { factor: 0, at: head };
  }
  const norm = Math.sqrt(head * head + rest);
  const at = head > 0 ? -norm : norm;
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) / (head - at);
  x[pivot] = 1;
  return { factor: (at - head) / at, at };
}

/** T, upper triangular, with H_0 H_1 ... = I - Vᵀ T V for V the rows (Schreiber, Van Loan 1989). */
function joinReflectors({ vectors, factors }: Reflectors): Matrix {
  const count = vectors.rows;
  const { data: dots } = multiplyTransposed(vectors, vectors);
  const joined = makeMatrix(count, count);
  const t = joined.data;
  for (let j = 0; j < count; j++) {
    const factor = factors[j] as number;
    t[j * count + j] = factor;
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let k = i; k < j; k++) sum += (t[i * count + k] as number) * (dots[k * count + j] as number);
      t[i * count + j] = -factor * sum;
    }
  }
  return joined;
}

/** Replaces c [length, n] by H_0 H_1 ... c; inverse: by ... H_1 H_0 c. */
export function reflect(reflectors: Reflectors, c: Matrix, inverse = false): void {
  const { vectors } = reflectors;
  const joined = joinReflectors(reflectors);
  const dots = multiply(vectors, c);
  const away = transposedMultiply(vectors, inverse ? transposedMultiply(joined, dots) : multiply(joined, dots));
  for (let i = 0; i < c.data.length; i++) c.data[i] = (c.data[i] as number) - (away.data[i] as number);
}
