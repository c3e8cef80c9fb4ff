import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
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
    return { id, width, inner, mean: new Float64Array(width), meanSquare: new Float64Array(width) };
  });
  const runner = makeRunner(
    withOutputs(
      graph,
      values.map(({ id }) => id),
    ),
  );
  for (const feeds of samples) {
    const found = runner.run(feeds);
    for (const { id, width, inner, mean, meanSquare } of sums) {
      const data = found[outputNameOf(id)] ?? [];
      const share = width / data.length / samples.length;
      for (let i = 0; i < data.length; i++) {
        const feature = Math.floor(i / inner) % width;
        const value = Number(data[i]);
        mean[feature] = (mean[feature] ?? 0) + value * share;
        meanSquare[feature] = (meanSquare[feature] ?? 0) + value * value * share;
      }
    }
  }
  return new Map(sums.map(({ id, mean, meanSquare }) => [id, { mean, meanSquare }]));
}
