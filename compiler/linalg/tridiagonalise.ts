import { openEigenWorkspace, rowStride } from './eigen-workspace.ts';
import { type Matrix, makeMatrix } from './matrix.ts';
import { makeReflector, type Reflectors } from './reflectors.ts';
import { dotStep } from './wasm/eigen-kernels.ts';

export interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i stands between diagonal i and i + 1; the last is 0. */
  readonly beside: Float64Array;
  /** a = Q T Qᵀ with Q = H_0 H_1 ...; reflector j has no element from n - 1 - j on. */
  readonly reflectors: Reflectors;
}

/**
 * Householder reduction from the last row upwards (Golub, Van Loan 8.3.1). Reads the lower triangle of `a`, scaled to
 * about 1. Each rank-2 update is made on the way through the next matrix-vector product:
 * p = factor A v, w = p - factor / 2 (p . v) v, A -= v wᵀ + w vᵀ.
 */
export function tridiagonalise(a: Matrix): Tridiagonal {
  const n = a.rows;
  const stride = rowStride(n);
  const { data, updateAndDot } = openEigenWorkspace(n * stride + 3 * stride);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      data[i * stride + j] = a.data[i * n + j] as number;
      data[j * stride + i] = a.data[i * n + j] as number;
    }
  const vector = (index: number): Float64Array => data.subarray((n + index) * stride, (n + index + 1) * stride);
  const [v, w, x] = [vector(0), vector(1), vector(2)];
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const vectors = makeMatrix(Math.max(n - 1, 0), n);
  const factors = new Float64Array(vectors.rows);
  for (let i = n - 1; i >= 0; i--) {
    const row = data.subarray(i * stride, i * stride + i + 1);
    const [vi, wi] = [v[i] as number, w[i] as number];
    for (let j = 0; j <= i; j++) row[j] = (row[j] as number) - vi * (w[j] as number) - wi * (v[j] as number);
    diagonal[i] = row[i] as number;
    if (i === 0) break;
    x.fill(0, i);
    x.set(row.subarray(0, i));
    const { factor, at } = makeReflector(x.subarray(0, i), i - 1);
    beside[i - 1] = at;
    factors[n - 1 - i] = factor;
    vectors.data.set(x.subarray(0, i), (n - 1 - i) * n);
    const steps = Math.ceil(i / dotStep);
    const product = row;
    let dot = 0;
    for (let r = 0; r < i; r++) {
      const [vr, wr] = [v[r] as number, w[r] as number];
      const p = factor * updateAndDot(8 * r * stride, v.byteOffset, w.byteOffset, x.byteOffset, vr, wr, steps);
      product[r] = p;
      dot += p * (x[r] as number);
    }
    v.set(x);
    w.fill(0, i);
    for (let r = 0; r < i; r++) w[r] = (product[r] as number) - (factor / 2) * dot * (x[r] as number);
  }
  return { diagonal, beside, reflectors: { vectors, factors } };
}
