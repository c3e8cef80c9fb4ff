import type { Matrix } from '../linalg/matrix.ts';

/** Scales row i of `first` [r, K] and column i of `second` [N, r] so that their norms are equal; the product stays. In place. */
export function balanceFactors(first: Matrix, second: Matrix): void {
  for (let j = 0; j < first.rows; j++) {
    const row = first.data.subarray(j * first.columns, (j + 1) * first.columns);
    let [rowNorm, columnNorm] = [0, 0];
    for (const v of row) rowNorm += v * v;
    for (let i = 0; i < second.rows; i++) columnNorm += (second.data[i * second.columns + j] ?? 0) ** 2;
    if (!(rowNorm > 0) || !(columnNorm > 0)) continue;
    const scale = (columnNorm / rowNorm) ** 0.25;
    for (let k = 0; k < row.length; k++) row[k] = (row[k] ?? 0) * scale;
    for (let i = 0; i < second.rows; i++) {
      const at = i * second.columns + j;
      second.data[at] = (second.data[at] ?? 0) / scale;
    }
  }
}
