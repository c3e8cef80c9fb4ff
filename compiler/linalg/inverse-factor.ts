import { type Matrix, makeMatrix, sliceBlock, sliceRows } from './matrix.ts';
import { multiply } from './multiply.ts';
import { factorSpd } from './solve-spd.ts';

/**
 * The upper triangular U [n, n] with (a + ridge I)^-1 = Uᵀ U, without the inverse: of a with rows and columns reversed,
 * J a J = L Lᵀ, it is J L^-1 J. The ridge grows as in `solveSpd`, and so do the errors read.
 */
export const inverseFactor = (a: Matrix, ridge = 0): Matrix => factorWithInverse(a, ridge).inverse;

/** Upper triangular R and U = R^-1 with a + ridge I = R Rᵀ; the rest is as above. */
export function factorWithInverse(a: Matrix, ridge = 0): { readonly factor: Matrix; readonly inverse: Matrix } {
  const { lower } = factorSpd(reverse(a), ridge);
  return { factor: reverse(lower), inverse: reverse(invertLower(lower)) };
}

/** J a J: last row and column first. */
const reverse = ({ rows, columns, data }: Matrix): Matrix => ({ rows, columns, data: data.slice().reverse() });

const blockSize = 64;

/** X with L X = I, X lower triangular as L is; rows in blocks: L_ii X_i = I_i - sum of the blocks before. */
function invertLower(lower: Matrix): Matrix {
  const n = lower.rows;
  const inverse = makeMatrix(n, n);
  const x = inverse.data;
  for (let start = 0; start < n; start += blockSize) {
    const end = Math.min(start + blockSize, n);
    if (start > 0) {
      const known = multiply(
        sliceBlock(lower, start, 0, end - start, start),
        sliceBlock(sliceRows(inverse, 0, start), 0, 0, start, start),
      );
      for (let i = start; i < end; i++)
        for (let j = 0; j < start; j++) x[i * n + j] = -(known.data[(i - start) * start + j] as number);
    }
    for (let i = start; i < end; i++) {
      x[i * n + i] = 1;
      for (let k = start; k < i; k++) {
        const times = lower.data[i * n + k] as number;
        for (let j = 0; j <= k; j++) x[i * n + j] = (x[i * n + j] as number) - times * (x[k * n + j] as number);
      }
      const pivot = lower.data[i * n + i] as number;
      for (let j = 0; j <= i; j++) x[i * n + j] = (x[i * n + j] as number) / pivot;
    }
  }
  return inverse;
}
