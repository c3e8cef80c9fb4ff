import { type Matrix, makeMatrix, trace } from '../linalg/matrix.ts';
import { solveSpd } from '../linalg/solve-spd.ts';
import type { Refit } from '../rewrite/cut-width.ts';
import type { View } from './select-units.ts';

/** Share of the kept units' mean spread that is added to each before solving for A. */
const ridgeShare = 1e-6;

/**
 * The others from the kept by least squares, h_R ≈ A h_S + c: `mix` has the identity in the rows of S and
 * A = C_RS (C_SS + ridge I)^-1 in those of R; c = mean_R - A mean_S where means are given, else 0.
 */
export function fitUnits(
  { units, spread }: Pick<View, 'units' | 'spread'>,
  mean: Float64Array | undefined,
  keptUnits: ReadonlySet<number>,
): Refit {
  const places = Array.from(units.keys());
  const kept = places.filter((place) => keptUnits.has(units[place] ?? -1));
  const removed = places.filter((place) => !keptUnits.has(units[place] ?? -1));
  const inner = pick(spread, kept, kept);
  const ridge = (ridgeShare * trace(inner)) / kept.length;
  const solved = solveSpd(inner, pick(spread, kept, removed), ridge).x;
  const mix = makeMatrix(units.length, kept.length);
  const shift = new Float64Array(units.length);
  kept.forEach((place, q) => {
    mix.data[place * kept.length + q] = 1;
  });
  removed.forEach((place, r) => {
    let predicted = 0;
    kept.forEach((from, q) => {
      const coefficient = solved.data[q * removed.length + r] ?? 0;
      mix.data[place * kept.length + q] = coefficient;
      predicted += coefficient * (mean?.[from] ?? 0);
    });
    shift[place] = (mean?.[place] ?? 0) - predicted;
  });
  return { kept, mix, shift };
}

/** The rows and columns of a matrix at these places. */
function pick({ columns, data }: Matrix, rows: readonly number[], across: readonly number[]): Matrix {
  const picked = makeMatrix(rows.length, across.length);
  rows.forEach((row, i) => {
    across.forEach((column, j) => {
      picked.data[i * across.length + j] = data[row * columns + column] ?? 0;
    });
  });
  return picked;
}
