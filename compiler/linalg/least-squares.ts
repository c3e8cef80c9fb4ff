import { type Matrix, sliceBlock, transpose } from './matrix.ts';
import type { Moments } from './moments.ts';
import { multiply } from './multiply.ts';
import { solveSpd } from './solve-spd.ts';

/** What a linear fit of y [m] to x [n] needs to know of the data. */
export interface JointMoments {
  /** Covariance of x [n, n]. */
  readonly xx: Matrix;
  /** Covariance of x with y [n, m]. */
  readonly xy: Matrix;
  readonly xMean: Float64Array;
  readonly yMean: Float64Array;
}

export interface LinearFit {
  /** W [m, n] */
  readonly weights: Matrix;
  /** b [m] */
  readonly bias: Float64Array;
  /** The ridge that was used: the one asked for, or a larger one where x has fewer directions than elements. */
  readonly ridge: number;
}

/** Of rows [x, y]: x the first `inputs` elements. */
export function jointMoments(moments: Moments, inputs: number): JointMoments {
  if (!Number.isInteger(inputs) || inputs < 1 || inputs >= moments.width)
    throw new RangeError(`jointMoments: ${inputs} inputs in rows of ${moments.width}`);
  const covariance = moments.covariance();
  const mean = moments.mean();
  return {
    xx: sliceBlock(covariance, 0, 0, inputs, inputs),
    xy: sliceBlock(covariance, 0, inputs, inputs),
    xMean: mean.slice(0, inputs),
    yMean: mean.slice(inputs),
  };
}

/**
 * y ≈ W x + b with the least mean square error plus ridge |W|²: W = Cyx (Cxx + ridge I)^-1, b = mean y - W mean x.
 * NaN, infinities, a ridge below 0 and sizes that do not fit are a RangeError.
 */
export function leastSquares({ xx, xy, xMean, yMean }: JointMoments, ridge = 0): LinearFit {
  if (xMean.length !== xx.rows || yMean.length !== xy.columns)
    throw new RangeError(`leastSquares: means of ${xMean.length} and ${yMean.length} for ${xy.rows}x${xy.columns}`);
  const solution = solveSpd(xx, xy, ridge);
  const weights = transpose(solution.x);
  const shift = multiply(weights, { rows: xMean.length, columns: 1, data: xMean });
  return { weights, bias: yMean.map((value, i) => value - (shift.data[i] as number)), ridge: solution.ridge };
}
