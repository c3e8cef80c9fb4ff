import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import { outputNameOf, withOutputs } from './with-outputs.ts';

/** Mean and mean square of each feature of a value, over samples and positions. */
export interface Spread {
  readonly mean: Float64Array;
  readonly meanSquare: Float64Array;
}

/** Sum over features of the variance. */
export const totalVariance = ({ mean, meanSquare }: Spread): number =>
  meanSquare.reduce((sum, square, i) => sum + Math.max(0, square - (mean[i] ?? 0) ** 2), 0);

/** The spread of each value, whose features lie along `axis`. */
export function measureSpreads(
  graph: Graph,
  values: readonly { readonly id: ValueId; readonly axis: number }[],
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ReadonlyMap<ValueId, Spread> {
  const sums = values.map(({ id, axis }) => {
    const shape = graph.values.get(id)?.type.shape ?? [];
    const width = sizeAt(shape, axis);
    const inner = elementCount(shape.slice(axis < 0 ? shape.length + axis + 1 : axis + 1));
    const positions = elementCount(shape) / width;
    return { id, inner, positions, mean: new Float64Array(width), meanSquare: new Float64Array(width) };
  });
  const runner = makeRunner(
    withOutputs(
      graph,
      values.map(({ id }) => id),
    ),
  );
  for (const feeds of samples) {
    const found = runner.peek(feeds);
    for (const { id, inner, mean, meanSquare } of sums) {
      const data = found[outputNameOf(id)];
      if (data) addFeatures(data, inner, { mean, meanSquare });
    }
  }
  return new Map(
    sums.map(({ id, positions, mean, meanSquare }) => {
      const share = 1 / (positions * samples.length);
      return [id, { mean: mean.map((v) => v * share), meanSquare: meanSquare.map((v) => v * share) }];
    }),
  );
}

/** Sums of values and squares; `inner` neighbours are of one feature. */
function addFeatures(data: TypedArray, inner: number, { mean, meanSquare }: Spread): void {
  const values =
    data instanceof Float32Array ? data : Float64Array.from(Array.from<number | bigint, number>(data, Number));
  const width = mean.length;
  for (let start = 0, feature = 0; start < values.length; start += inner) {
    let sum = 0;
    let squares = 0;
    for (let i = start; i < start + inner; i++) {
      const value = values[i] ?? 0;
      sum += value;
      squares += value * value;
    }
    mean[feature] = (mean[feature] ?? 0) + sum;
    meanSquare[feature] = (meanSquare[feature] ?? 0) + squares;
    feature = feature + 1 === width ? 0 : feature + 1;
  }
}
