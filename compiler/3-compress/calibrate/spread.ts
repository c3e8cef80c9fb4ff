import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { type FeatureValue, featuresAlong } from './features-along.ts';
import { outputNameOf, withOutputs } from './with-outputs.ts';

/** What each feature of a value holds, over samples and positions. */
export interface Spread {
  readonly mean: Float64Array;
  readonly meanSquare: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** Sum over features of the variance. */
export const totalVariance = ({ mean, meanSquare }: Spread): number =>
  meanSquare.reduce((sum, square, i) => sum + Math.max(0, square - (mean[i] ?? 0) ** 2), 0);

/** Largest magnitude of each feature. */
export const largestMagnitudes = ({ min, max }: Pick<Spread, 'min' | 'max'>): Float64Array =>
  max.map((most, feature) => Math.max(Math.abs(most), Math.abs(min[feature] ?? 0)));

/** The spread of each value, whose features lie along `axis`. */
export function measureSpreads(
  graph: Graph,
  values: readonly FeatureValue[],
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ReadonlyMap<ValueId, Spread> {
  const seen = values.map((value) => {
    const { width, inner, positions } = featuresAlong(graph, value);
    return { id: value.id, inner, positions, sums: emptySpread(width) };
  });
  const runner = makeRunner(
    withOutputs(
      graph,
      values.map(({ id }) => id),
    ),
  );
  for (const feeds of samples) {
    const found = runner.peek(feeds);
    for (const { id, inner, sums } of seen) {
      const data = found[outputNameOf(id)];
      if (data) addFeatures(data, inner, sums);
    }
  }
  return new Map(
    seen.map(({ id, positions, sums }) => {
      const share = 1 / (positions * samples.length);
      const [mean, meanSquare] = [sums.mean.map((v) => v * share), sums.meanSquare.map((v) => v * share)];
      return [id, { ...sums, mean, meanSquare }];
    }),
  );
}

const emptySpread = (width: number): Spread => ({
  mean: new Float64Array(width),
  meanSquare: new Float64Array(width),
  min: new Float64Array(width).fill(Number.POSITIVE_INFINITY),
  max: new Float64Array(width).fill(Number.NEGATIVE_INFINITY),
});

/** Adds values and squares to the means, and widens what lies between min and max; `inner` neighbours are of one feature. */
function addFeatures(data: TypedArray, inner: number, { mean, meanSquare, min, max }: Spread): void {
  const values =
    data instanceof Float32Array ? data : Float64Array.from(Array.from<number | bigint, number>(data, Number));
  const width = mean.length;
  for (let start = 0, feature = 0; start < values.length; start += inner) {
    let sum = 0;
    let squares = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = start; i < start + inner; i++) {
      const value = values[i] ?? 0;
      sum += value;
      squares += value * value;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    mean[feature] = (mean[feature] ?? 0) + sum;
    meanSquare[feature] = (meanSquare[feature] ?? 0) + squares;
    min[feature] = Math.min(min[feature] ?? low, low);
    max[feature] = Math.max(max[feature] ?? high, high);
    feature = feature + 1 === width ? 0 : feature + 1;
  }
}
