import { makeRandom } from '../../compiler/2-train/random.ts';
import type { DataSet } from '../../compiler/data/data-set.ts';

/** Points of two spirals, [1, 2] as `image`, classes 0 and 1. */
export function spirals(count: number, seed: number): DataSet {
  const random = makeRandom(seed);
  const points = Array.from({ length: count }, (_, i) => {
    const turn = 0.5 + 5.5 * random.uniform();
    const angle = turn + Math.PI * (i % 2);
    const radius = turn / 4;
    return Float32Array.of(
      radius * Math.cos(angle) + 0.03 * random.normal(),
      radius * Math.sin(angle) + 0.03 * random.normal(),
    );
  });
  return labelled(
    'spirals',
    points.map((image) => ({ image })),
    Int32Array.from(points, (_, i) => i % 2),
  );
}

/** Images [1, 1, 8, 8] of a bright bar across or upright, classes 0 and 1. */
export function bars(count: number, seed: number): DataSet {
  const random = makeRandom(seed);
  const images = Array.from({ length: count }, (_, i) => {
    const at = 1 + Math.floor(6 * random.uniform());
    return Float32Array.from({ length: 64 }, (_, p) => {
      const isBar = (i % 2 === 0 ? Math.floor(p / 8) : p % 8) === at;
      return (isBar ? 1 : 0) + 0.3 * random.normal();
    });
  });
  return labelled(
    'bars',
    images.map((image) => ({ image })),
    Int32Array.from(images, (_, i) => i % 2),
  );
}

export const labelled = (
  name: string,
  samples: readonly Readonly<Record<string, Float32Array | Int32Array>>[],
  values: Int32Array,
): DataSet => ({
  name,
  size: samples.length,
  labels: { kind: 'class', values, width: values.length / samples.length },
  feedsOf: (i) => samples[i]!,
  hashOf: (i) => `${name} ${i}`,
});
