import { cholesky, solveCholesky } from './cholesky.ts';
import { type Matrix, requireFinite } from './matrix.ts';

export interface SpdSolution {
  /** [n, r] */
  readonly x: Matrix;
  /** What stands on the diagonal besides `a`: what was asked for, or the least of the tries that gave a factor. */
  readonly ridge: number;
}

const firstRidge = 1e-12;
const ridgeGrowth = 10;

/**
 * (a + ridge I) x = b for symmetric a [n, n] (its lower triangle), b [n, r]. Where that is not positive definite, the
 * ridge starts at 1e-12 of the largest element of a and grows tenfold until it is. NaN, infinities, a ridge below 0 and
 * sizes that do not fit are a RangeError.
 */
export function solveSpd(a: Matrix, b: Matrix, ridge = 0): SpdSolution {
  if (a.rows !== a.columns || a.rows !== b.rows)
    throw new RangeError(`solveSpd: ${a.rows}x${a.columns} by ${b.rows}x${b.columns} do not fit`);
  requireFinite('solveSpd', b);
  const { lower, ridge: used } = factorSpd(a, ridge);
  return { x: solveCholesky(lower, b), ridge: used };
}

/** a + ridge I = L Lᵀ, the ridge grown as in `solveSpd`; NaN, infinities and a ridge below 0 are a RangeError. */
export function factorSpd(a: Matrix, ridge: number): { readonly lower: Matrix; readonly ridge: number } {
  if (!(ridge >= 0 && ridge < Infinity)) throw new RangeError(`solveSpd: ridge ${ridge}`);
  requireFinite('solveSpd', a);
  let largest = 0;
  for (const value of a.data) largest = Math.max(largest, Math.abs(value));
  for (let tried = ridge; ; tried = Math.max(firstRidge * (largest || 1), ridgeGrowth * tried)) {
    const result = cholesky(addToDiagonal(a, tried));
    if (result.kind === 'factor') return { lower: result.lower, ridge: tried };
  }
}

function addToDiagonal({ rows, columns, data }: Matrix, value: number): Matrix {
  const sum = data.slice();
  for (let at = 0; at < sum.length; at += columns + 1) sum[at] = (sum[at] as number) + value;
  return { rows, columns, data: sum };
}
