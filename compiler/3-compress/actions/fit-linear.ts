import { type JointMoments, jointMoments, leastSquares } from '../../linalg/least-squares.ts';
import { type Matrix, makeMatrix, sliceBlock, trace, transpose } from '../../linalg/matrix.ts';
import { Moments } from '../../linalg/moments.ts';
import { multiply, multiplyTransposed } from '../../linalg/multiply.ts';
import { applyMap, type LinearMap } from '../../rewrite/collapse.ts';

/** Wider rows [x, y] than this have no covariance: it would be larger than the networks that ship. */
export const widestRows = 4096;

/** Means and covariances of rows [x, y]. */
export interface JointRows extends JointMoments {
  /** covariance of y [m, m] */
  readonly yy: Matrix;
  readonly count: number;
}

/** Of rows [x, y], x the first `inputs` elements; undefined without rows. */
export function jointRows(moments: Moments | undefined, inputs: number): JointRows | undefined {
  if (!moments) return undefined;
  return {
    ...jointMoments(moments, inputs),
    yy: sliceBlock(moments.covariance(), inputs, inputs),
    count: moments.count,
  };
}

/** The rows of both halves, as far as they have any. */
export function poolHalves(even: Moments | undefined, odd: Moments | undefined): Moments | undefined {
  const halves = [even, odd].filter((half) => half !== undefined);
  const [first] = halves;
  if (!first) return undefined;
  const pooled = new Moments(first.width);
  for (const half of halves) pooled.merge(half);
  return pooled;
}

/** Sum over elements of the products of a [m, n] and b [m, n]. */
function dot(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let at = 0; at < a.data.length; at++) sum += (a.data[at] ?? 0) * (b.data[at] ?? 0);
  return sum;
}

/** E |y - W x - b|^2 = tr(Cyy) - 2 tr(W Cxy) + tr(W Cxx W') + |mean y - W mean x - b|^2. */
export function squaredError(map: LinearMap, { xx, xy, yy, xMean, yMean }: JointRows): number {
  const { weights } = map;
  const spread = trace(yy) - 2 * dot(weights, transpose(xy)) + dot(multiply(weights, xx), weights);
  const shift = applyMap(map, xMean).reduce((sum, mean, i) => sum + (mean - (yMean[i] ?? 0)) ** 2, 0);
  return Math.max(0, spread) + shift;
}

/** Ridges to choose from, in units of the mean variance of x. */
const relativeRidges = [1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1];

export interface CheckedFit {
  readonly map: LinearMap;
  /** E |y - W x - b|^2 on the half of the samples that each fit did not see */
  readonly error: number;
}

/**
 * Ridge least squares of y on x around a first guess (none: zero): W = W0 + (Cyx - W0 Cxx) (Cxx + ridge I)^-1 and
 * b = mean y - W mean x, float64. The ridge is the one whose fits to either half of the samples err least on the other
 * half; the result is fitted to both. Undefined with fewer than two rows per input, or where one half is empty: then
 * nothing could tell a fit from a coincidence.
 */
export function fitLinear(
  even: Moments | undefined,
  odd: Moments | undefined,
  inputs: number,
  guess?: LinearMap,
): CheckedFit | undefined {
  const halves = [jointRows(even, inputs), jointRows(odd, inputs)] as const;
  const [first, second] = halves;
  const whole = jointRows(poolHalves(even, odd), inputs);
  if (!first || !second || !whole || whole.count < 2 * inputs) return undefined;
  const unit = trace(whole.xx) / inputs;
  if (!(unit > 0)) return undefined;
  let best: { ridge: number; error: number } | undefined;
  for (const relative of relativeRidges) {
    const ridge = relative * unit;
    const onSecond = squaredError(solveAround(first, guess, ridge), second);
    const onFirst = squaredError(solveAround(second, guess, ridge), first);
    const error = (second.count * onSecond + first.count * onFirst) / whole.count;
    // Errors fall with the ridge, then rise: the first that is no better ends the search.
    if (best && error >= best.error) break;
    best = { ridge, error };
  }
  return best && { map: solveAround(whole, guess, best.ridge), error: best.error };
}

function solveAround(rows: JointRows, guess: LinearMap | undefined, ridge: number): LinearMap {
  if (!guess) return leastSquares(rows, ridge);
  const { xx, xy, xMean, yMean } = rows;
  const explained = multiplyTransposed(xx, guess.weights).data;
  const unexplained = xy.data.map((v, at) => v - (explained[at] ?? 0));
  const rest = leastSquares({ xx, xy: makeMatrix(xy.rows, xy.columns, unexplained), xMean, yMean }, ridge);
  const data = rest.weights.data.map((w, at) => w + (guess.weights.data[at] ?? 0));
  const weights = makeMatrix(rest.weights.rows, rest.weights.columns, data);
  const carried = applyMap({ weights, bias: new Float64Array(yMean.length) }, xMean);
  return { weights, bias: yMean.map((mean, i) => mean - (carried[i] ?? 0)) };
}
