import { type Matrix, makeMatrix, requireFinite, requireSquare, sliceBlock, sliceRows } from './matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from './multiply.ts';

export type Cholesky =
  | { readonly kind: 'factor'; readonly lower: Matrix }
  /** `pivot`, the square of diagonal element `at`, is not above rounding level. */
  | { readonly kind: 'not-positive-definite'; readonly at: number; readonly pivot: number };

const blockSize = 64;

/**
 * a = L Lᵀ. Reads the lower triangle of a [n, n]. A pivot has to be above 2^-52 n times the diagonal element it comes
 * from. NaN, infinities and matrices that are not square are a RangeError.
 */
export function cholesky(a: Matrix): Cholesky {
  requireSquare('cholesky', a);
  requireFinite('cholesky', a);
  const n = a.rows;
  const lower = makeMatrix(n, n);
  for (let i = 0; i < n; i++) lower.data.set(a.data.subarray(i * n, i * n + i + 1), i * n);
  for (let start = 0; start < n; start += blockSize) {
    const end = Math.min(start + blockSize, n);
    const failed = factorBlock(lower, a, start, end);
    if (failed) return failed;
    const below = sliceBlock(lower, end, start, n - end, end - start);
    subtractLower(lower, end, multiplyTransposed(below, below));
  }
  return { kind: 'factor', lower };
}

/** Columns [start, end) of the factor, all rows from `start` on: L_ij = (a_ij - sum_k L_ik L_jk) / L_jj. */
function factorBlock(lower: Matrix, a: Matrix, start: number, end: number): Cholesky | undefined {
  const n = lower.rows;
  const l = lower.data;
  for (let i = start; i < n; i++)
    for (let j = start; j < Math.min(i + 1, end); j++) {
      let rest = l[i * n + j] as number;
      for (let k = start; k < j; k++) rest -= (l[i * n + k] as number) * (l[j * n + k] as number);
      if (i !== j) l[i * n + j] = rest / (l[j * n + j] as number);
      else if (rest > Number.EPSILON * n * (a.data[i * n + i] as number)) l[i * n + i] = Math.sqrt(rest);
      else return { kind: 'not-positive-definite', at: i, pivot: rest };
    }
  return undefined;
}

function subtractLower(from: Matrix, start: number, part: Matrix): void {
  for (let i = 0; i < part.rows; i++)
    for (let j = 0; j <= i; j++) {
      const at = (start + i) * from.columns + start + j;
      from.data[at] = (from.data[at] as number) - (part.data[i * part.columns + j] as number);
    }
}

/** x [n, r] with L Lᵀ x = b for L lower [n, n], b [n, r]. Sizes that do not fit are a RangeError. */
export function solveCholesky(lower: Matrix, b: Matrix): Matrix {
  const n = lower.rows;
  if (lower.columns !== n || b.rows !== n)
    throw new RangeError(`solveCholesky: ${n}x${lower.columns} by ${b.rows}x${b.columns} do not fit`);
  const x = makeMatrix(n, b.columns, b.data.slice());
  for (let start = 0; start < n; start += blockSize) {
    const end = Math.min(start + blockSize, n);
    for (let i = start; i < end; i++) {
      for (let k = start; k < i; k++) subtractRow(x, i, k, lower.data[i * n + k] as number);
      divideRow(x, i, lower.data[i * n + i] as number);
    }
    const below = sliceBlock(lower, end, start, n - end, end - start);
    subtractRows(x, end, multiply(below, sliceRows(x, start, end)));
  }
  for (let start = Math.floor((n - 1) / blockSize) * blockSize; start >= 0; start -= blockSize) {
    const end = Math.min(start + blockSize, n);
    const below = sliceBlock(lower, end, start, n - end, end - start);
    subtractRows(x, start, transposedMultiply(below, sliceRows(x, end)));
    for (let i = end - 1; i >= start; i--) {
      for (let k = i + 1; k < end; k++) subtractRow(x, i, k, lower.data[k * n + i] as number);
      divideRow(x, i, lower.data[i * n + i] as number);
    }
  }
  return x;
}

function subtractRow({ columns, data }: Matrix, to: number, from: number, times: number): void {
  for (let j = 0; j < columns; j++)
    data[to * columns + j] = (data[to * columns + j] as number) - times * (data[from * columns + j] as number);
}

function divideRow({ columns, data }: Matrix, row: number, by: number): void {
  for (let at = row * columns; at < (row + 1) * columns; at++) data[at] = (data[at] as number) / by;
}

function subtractRows(from: Matrix, start: number, part: Matrix): void {
  const at = start * from.columns;
  for (let i = 0; i < part.data.length; i++)
    from.data[at + i] = (from.data[at + i] as number) - (part.data[i] as number);
}
