import { type Matrix, makeMatrix, scaleColumns } from '../../compiler/linalg/matrix.ts';
import { multiplyTransposed } from '../../compiler/linalg/multiply.ts';
import { qr } from '../../compiler/linalg/qr.ts';
import { makeRandom } from '../harness/random.ts';

/** Elements in [-1, 1). */
export function randomMatrix(rows: number, columns: number, seed = 1): Matrix {
  const random = makeRandom(seed);
  return makeMatrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => 2 * random.real() - 1),
  );
}

export function randomSymmetric(n: number, seed = 1): Matrix {
  const { data } = randomMatrix(n, n, seed);
  return makeMatrix(
    n,
    n,
    data.map((_, at) => data[Math.max(Math.floor(at / n), at % n) * n + Math.min(Math.floor(at / n), at % n)]!),
  );
}

/** Random singular vectors around the values given, min(rows, columns) of them. */
export function withSingularValues(rows: number, columns: number, values: Float64Array): Matrix {
  const u = qr(randomMatrix(rows, values.length, 11)).q;
  return multiplyTransposed(scaleColumns(u, values), qr(randomMatrix(columns, values.length, 12)).q);
}

/** The largest difference; infinite where the sizes differ. */
export function distance(a: Matrix, b: Matrix): number {
  if (a.rows !== b.rows || a.columns !== b.columns) return Infinity;
  return a.data.reduce((most, value, at) => {
    const apart = Math.abs(value - b.data[at]!);
    return apart <= most ? most : Number.isNaN(apart) ? Infinity : apart;
  }, 0);
}

/** The product as its definition says. */
export function multiplyPlainly(a: Matrix, b: Matrix): Matrix {
  const c = makeMatrix(a.rows, b.columns);
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.columns; j++)
      for (let k = 0; k < a.columns; k++)
        c.data[i * b.columns + j]! += a.data[i * a.columns + k]! * b.data[k * b.columns + j]!;
  return c;
}

export const fromRows = (...rows: number[][]): Matrix =>
  makeMatrix(rows.length, rows[0]?.length ?? 0, Float64Array.from(rows.flat()));

/** The element of largest magnitude in each column. */
export const largestOfColumns = ({ rows, columns, data }: Matrix): number[] =>
  Array.from({ length: columns }, (_, j) =>
    Array.from({ length: rows }, (_, i) => data[i * columns + j]!).reduce(
      (most, value) => (Math.abs(value) > Math.abs(most) ? value : most),
      0,
    ),
  );
