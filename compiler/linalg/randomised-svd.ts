import { type Matrix, makeMatrix, requireFinite } from './matrix.ts';
import { multiply, transposedMultiply } from './multiply.ts';
import { qr } from './qr.ts';
import { type Svd, svd, truncate } from './svd.ts';

export interface RandomisedSvdOptions {
  /** Columns sampled beyond the rank: 10 unless told. */
  readonly oversampling?: number;
  /** Times that a aᵀ is applied to sharpen the sample: 2 unless told. */
  readonly powerIterations?: number;
  /** The same seed gives the same bits. */
  readonly seed?: number;
}

/**
 * The leading `rank` singular triplets by a random sample of the range (Halko, Martinsson, Tropp 2011, 4.4 and 5.1).
 * The approximation's error is near the best for that rank; where the sample would span the smaller side, it is
 * svd()'s. A rank that is no whole number above 0, NaN and infinities are a RangeError.
 */
export function randomisedSvd(
  a: Matrix,
  rank: number,
  { oversampling = 10, powerIterations = 2, seed = 1 }: RandomisedSvdOptions = {},
): Svd {
  if (!Number.isInteger(rank) || rank < 1) throw new RangeError(`randomisedSvd: rank ${rank}`);
  requireFinite('randomisedSvd', a);
  const width = rank + oversampling;
  if (width >= Math.min(a.rows, a.columns)) return truncate(svd(a), rank);
  let range = qr(multiply(a, randomMatrix(a.columns, width, seed))).q;
  for (let i = 0; i < powerIterations; i++) range = qr(multiply(a, qr(transposedMultiply(a, range)).q)).q;
  const { u, singular, v } = svd(transposedMultiply(range, a));
  return truncate({ u: multiply(range, u), singular, v }, rank);
}

/** Uniform in [-1, 1): mulberry32. */
function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
  return makeMatrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => next()),
  );
}
