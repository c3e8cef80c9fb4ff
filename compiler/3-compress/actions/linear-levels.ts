import { type Matrix, makeMatrix, sliceColumns, trace, transpose } from '../../linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../linalg/multiply.ts';
import { symmetricEigen } from '../../linalg/symmetric-eigen.ts';
import { balanceFactors } from '../../rewrite/balance-factors.ts';
import type { FactoredMap, LinearMap } from '../../rewrite/collapse.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import type { Level } from '../candidate.ts';
import type { JointRows } from './fit-linear.ts';

/** A linear stand-in for a place: y ≈ seen(u) = map(x), u the value that statistics were taken of. */
export interface StandIn {
  readonly label: string;
  /** over u */
  readonly seen: LinearMap;
  /** over the value that the place reads */
  readonly map: LinearMap;
  /** E |y - seen(u)|^2 */
  readonly error: number;
  readonly rows: JointRows;
}

/** The place that is replaced. */
export interface Place {
  readonly parameters: number;
  /** positions of the output */
  readonly positions: number;
  /** no rank from here on saves anything */
  readonly rankLimit: number;
  rule(map: LinearMap | FactoredMap): Rule;
}

/** The stand-in as one matrix, and as two of a few ranks, where that is smaller than the place. */
export function linearLevels(place: Place, standIn: StandIn): Level[] {
  const { rows: outputs, columns: inputs } = standIn.map.weights;
  const total = trace(standIn.rows.yy);
  if (!(total > 0)) return [];
  const level = (label: string, error: number, parameters: number, map: LinearMap | FactoredMap): Level => ({
    label,
    error: Math.max(0, error) / total,
    parameters,
    macs: parameters * place.positions,
    rule: place.rule(map),
  });
  const dense = inputs * outputs;
  const limit = Math.min(place.parameters, dense);
  const ranks = ranksBelow(Math.min(inputs, outputs, place.rankLimit)).filter((r) => r * (inputs + outputs) < limit);
  const factored = factorings(standIn, ranks).map(({ rank, error, map }) =>
    level(`${standIn.label}, rank ${rank}`, error, rank * (inputs + outputs), map),
  );
  const whole = dense < place.parameters ? [level(standIn.label, standIn.error, dense, standIn.map)] : [];
  return [...whole, ...factored];
}

/** A few ranks below a size, on multiples that kernels like once they are large. */
function ranksBelow(size: number): number[] {
  const ranks = [7 / 8, 3 / 4, 5 / 8, 1 / 2, 3 / 8, 1 / 4, 3 / 16, 1 / 8, 1 / 16].map((share) => {
    const step = size * share >= 32 ? 8 : size * share >= 8 ? 4 : 1;
    return Math.floor((size * share) / step) * step;
  });
  return [...new Set(ranks)].filter((rank) => rank >= 1 && rank < size);
}

/**
 * The map through its top output components: with Cov(map(x)) = U diag(s) U', first = U_r' W, second = U_r. Against the
 * whole map, its error on the statistics grows by the sum over the others of 2 u' W Cuy u - s.
 */
function factorings({ seen, map, error, rows }: StandIn, ranks: readonly number[]) {
  if (ranks.length === 0) return [];
  const spread = multiplyTransposed(multiply(seen.weights, rows.xx), seen.weights);
  const shared = multiply(seen.weights, rows.xy);
  const { values, vectors } = symmetricEigen(spread);
  const losses = gains(vectors, shared).map((gain, i) => 2 * gain - (values[i] ?? 0));
  return ranks.map((rank) => {
    const loss = losses.slice(rank).reduce((sum, v) => sum + v, 0);
    return { rank, error: error + loss, map: factor(map, rows.yMean, sliceColumns(vectors, 0, rank)) };
  });
}

/** u' A u of each column u. */
function gains(vectors: Matrix, a: Matrix): number[] {
  const turned = multiply(a, vectors);
  const n = vectors.columns;
  return Array.from({ length: n }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (vectors.data[i * n + j] ?? 0) * (turned.data[i * n + j] ?? 0);
    return sum;
  });
}

/** bias = U U' (b - ybar) + ybar: the mean of the output stays. */
function factor({ weights, bias }: LinearMap, yMean: Float64Array, basis: Matrix): FactoredMap {
  const across = transpose(basis);
  const first = multiply(across, weights);
  const shift = makeMatrix(
    bias.length,
    1,
    Float64Array.from(bias, (b, i) => b - (yMean[i] ?? 0)),
  );
  const moved = multiply(basis, multiply(across, shift));
  const second = makeMatrix(basis.rows, basis.columns, Float64Array.from(basis.data));
  balanceFactors(first, second);
  return { first, second, bias: Float64Array.from(moved.data, (v, i) => v + (yMean[i] ?? 0)) };
}
