import { bug } from '../diagnostics/internal.ts';
import { type EigenWorkspace, openEigenWorkspace, rowStride } from './eigen-workspace.ts';
import { type Matrix, makeMatrix } from './matrix.ts';
import { stripSize } from './wasm/eigen-kernels.ts';

/** Sweeps per eigenvalue; two are usual. */
const mostSweeps = 90;
const bufferedRotations = 1 << 15;

/** Eigenvalues of the symmetric tridiagonal matrix, in no order, and its eigenvectors, the columns [n, n]. */
export function tridiagonalEigen(
  diagonal: Float64Array,
  beside: Float64Array,
): { values: Float64Array; vectors: Matrix } {
  const rotations = makeRotations(diagonal.length);
  const values = diagonalise(diagonal, beside, rotations);
  return { values, vectors: rotations.vectors() };
}

/** The same without the vectors, in a time of n^2. */
export const tridiagonalEigenvalues = (diagonal: Float64Array, beside: Float64Array): Float64Array =>
  diagonalise(diagonal, beside, { begin() {}, push() {} });

/**
 * Implicit QL with Wilkinson's shift (EISPACK imtql2). Off-diagonals are dropped at rounding level of their neighbours, or of
 * the norm / 1024.
 */
function diagonalise(diagonal: Float64Array, beside: Float64Array, rotations: RotationSink): Float64Array {
  const n = diagonal.length;
  const d = diagonal.slice();
  const e = beside.slice();
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i] as number) + Math.abs(e[i] as number));
  const floor = (Number.EPSILON * norm) / 1024;
  const endOfBlock = (start: number): number => {
    let m = start;
    while (m < n - 1) {
      const beside = Math.abs(d[m] as number) + Math.abs(d[m + 1] as number);
      if (Math.abs(e[m] as number) <= Number.EPSILON * beside + floor) break;
      m++;
    }
    return m;
  };
  for (let l = 0; l < n; l++) {
    let m = endOfBlock(l);
    for (let sweeps = 0; m > l; m = endOfBlock(l)) {
      if (++sweeps > mostSweeps) throw bug(`eigenvalue ${l} of ${n} did not converge`);
      sweep(d, e, l, m, rotations);
    }
  }
  return d;
}

/** One implicit QL sweep over diagonal l to m, from the bottom upwards. */
function sweep(d: Float64Array, e: Float64Array, l: number, m: number, rotations: RotationSink): void {
  const el = e[l] as number;
  const half = ((d[l + 1] as number) - (d[l] as number)) / (2 * el);
  const root = Math.sqrt(half * half + 1);
  let g = (d[m] as number) - (d[l] as number) + el / (half + (half < 0 ? -root : root));
  let s = 1;
  let c = 1;
  let p = 0;
  rotations.begin(m, m - l);
  for (let i = m - 1; i >= l; i--) {
    const f = s * (e[i] as number);
    const b = c * (e[i] as number);
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] = (d[i + 1] as number) - p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = (d[i + 1] as number) - p;
    const t = ((d[i] as number) - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    rotations.push(c, s);
  }
  d[l] = (d[l] as number) - p;
  e[l] = g;
  e[m] = 0;
}

interface RotationSink {
  /** A sweep of at most `count` rotations, the first of rows `last` and last - 1. */
  begin(last: number, count: number): void;
  push(c: number, s: number): void;
}

interface Rotations extends RotationSink {
  /** The product of all rotations. */
  vectors(): Matrix;
}

/** Collects rotations and applies many sweeps to one strip of columns while it is in the cache. */
function makeRotations(n: number): Rotations {
  const stride = rowStride(n);
  const capacity = Math.max(bufferedRotations, n);
  const space: EigenWorkspace = openEigenWorkspace(n * stride + 2 * capacity);
  const { data } = space;
  for (let i = 0; i < n; i++) data[i * stride + i] = 1;
  const buffer = n * stride;
  let sweeps: { last: number; from: number; count: number }[] = [];
  let used = 0;
  const flush = (): void => {
    for (let column = 0; column < stride; column += stripSize)
      for (const { last, from, count } of sweeps)
        if (count > 0) space.rotateStrip(8 * (last * stride + column), 8 * stride, 8 * (buffer + 2 * from), count);
    sweeps = [];
    used = 0;
  };
  let current = { last: 0, from: 0, count: 0 };
  return {
    begin(last, count) {
      if (used + count > capacity) flush();
      current = { last, from: used, count: 0 };
      sweeps.push(current);
    },
    push(c, s) {
      data[buffer + 2 * used] = c;
      data[buffer + 2 * used + 1] = s;
      used++;
      current.count++;
    },
    vectors() {
      flush();
      const vectors = makeMatrix(n, n);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) vectors.data[j * n + i] = data[i * stride + j] as number;
      return vectors;
    },
  };
}
