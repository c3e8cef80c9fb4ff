import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';

/** Elements at these rows and columns, in the order given. */
export function pickBlock(a: Matrix, rows: readonly number[], columns: readonly number[]): Matrix {
  const picked = makeMatrix(rows.length, columns.length);
  for (const [i, row] of rows.entries()) {
    for (const [j, column] of columns.entries())
      picked.data[i * columns.length + j] = a.data[row * a.columns + column] ?? 0;
  }
  return picked;
}
