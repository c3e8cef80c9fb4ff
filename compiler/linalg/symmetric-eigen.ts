import { type Matrix, pickColumns, requireFinite, requireSquare, scale, unitScale } from './matrix.ts';
import { type Reflectors, reflect } from './reflectors.ts';
import { tridiagonalEigen } from './tridiagonal-eigen.ts';
import { tridiagonalise } from './tridiagonalise.ts';

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** [n, n], orthonormal columns, the element of largest magnitude in each positive. */
  readonly vectors: Matrix;
}

const blockSize = 32;

/**
 * a = vectors diag(values) vectorsᵀ. Reads the lower triangle of a [n, n]. Values are right to about 1e-15 n of the
 * largest magnitude. NaN, infinities and matrices that are not square are a RangeError.
 */
export function symmetricEigen(a: Matrix): SymmetricEigen {
  requireSquare('symmetricEigen', a);
  requireFinite('symmetricEigen', a);
  const unit = unitScale(a);
  const { diagonal, beside, reflectors } = tridiagonalise(scale(a, unit));
  const { values, vectors } = tridiagonalEigen(diagonal, beside);
  reflectAll(reflectors, vectors);
  const order = [...values.keys()].sort((i, j) => (values[j] as number) - (values[i] as number) || i - j);
  const sorted = pickColumns(vectors, order);
  fixSigns(sorted);
  return { values: Float64Array.from(order, (i) => (values[i] as number) / unit), vectors: sorted };
}

/** c -> H_0 H_1 ... c in blocks, each on the rows it reaches. */
function reflectAll({ vectors, factors }: Reflectors, c: Matrix): void {
  const n = c.rows;
  for (let start = Math.floor((vectors.rows - 1) / blockSize) * blockSize; start >= 0; start -= blockSize) {
    const end = Math.min(start + blockSize, vectors.rows);
    const length = n - 1 - start;
    const part: Matrix = { rows: end - start, columns: length, data: new Float64Array((end - start) * length) };
    for (let j = start; j < end; j++) part.data.set(vectors.data.subarray(j * n, j * n + length), (j - start) * length);
    const reached: Matrix = { rows: length, columns: c.columns, data: c.data.subarray(0, length * c.columns) };
    reflect({ vectors: part, factors: factors.subarray(start, end) }, reached);
  }
}

/** Negates columns until the element of largest magnitude in each, the first of equals, is positive. Says which. */
export function fixSigns({ rows, columns, data }: Matrix): Uint8Array {
  const isNegated = new Uint8Array(columns);
  for (let j = 0; j < columns; j++) {
    let largest = 0;
    for (let i = 0; i < rows; i++) {
      const value = data[i * columns + j] as number;
      if (Math.abs(value) > Math.abs(largest)) largest = value;
    }
    if (largest >= 0) continue;
    isNegated[j] = 1;
    for (let i = 0; i < rows; i++) data[i * columns + j] = -(data[i * columns + j] as number);
  }
  return isNegated;
}
