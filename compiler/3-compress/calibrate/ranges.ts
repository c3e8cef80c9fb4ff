import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import { outputNameOf, withOutputs } from './with-outputs.ts';

/** Largest magnitude of each feature of a value, whose features lie along `axis`, over samples and positions. */
export function measureRanges(
  graph: Graph,
  values: readonly { readonly id: ValueId; readonly axis: number }[],
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ReadonlyMap<ValueId, Float64Array> {
  if (values.length === 0 || samples.length === 0) return new Map();
  const wanted = values.map(({ id, axis }) => {
    const shape = graph.values.get(id)?.type.shape ?? [];
    const width = sizeAt(shape, axis);
    return { id, width, inner: elementCount(shape.slice(axis + 1)), largest: new Float64Array(width) };
  });
  const runner = makeRunner(
    withOutputs(
      graph,
      values.map(({ id }) => id),
    ),
  );
  for (const feeds of samples) {
    const found = runner.run(feeds);
    for (const { id, width, inner, largest } of wanted) {
      const data = found[outputNameOf(id)] ?? [];
      for (let i = 0; i < data.length; i++) {
        const feature = Math.floor(i / inner) % width;
        largest[feature] = Math.max(largest[feature] ?? 0, Math.abs(Number(data[i])));
      }
    }
  }
  return new Map(wanted.map(({ id, largest }) => [id, largest]));
}
