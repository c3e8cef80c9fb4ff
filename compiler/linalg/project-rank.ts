import type { Matrix } from './matrix.ts';
import { recompose, svd, truncate } from './svd.ts';

/**
 * The nearest matrix of rank `rank`, its singular values grown together until their squares sum to what they did before:
 * S_i sqrt(sum over all of S^2 / sum of the kept) (energy transfer, LRPET). Zeros stay zeros.
 */
export function projectRank(w: Matrix, rank: number): Matrix {
  const whole = svd(w);
  const kept = truncate(whole, rank);
  const energy = energyOf(kept.singular);
  if (energy === 0) return w;
  const growth = Math.sqrt(energyOf(whole.singular) / energy);
  return recompose({ ...kept, singular: kept.singular.map((value) => value * growth) });
}

/** Sum of squares. */
export const energyOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value ** 2, 0);
