import { expect, test } from 'vitest';
import { labelsOf } from '../../compiler/data/data-set.ts';
import { readSamples } from '../../compiler/settings/read-samples.ts';
import { graphOf } from '../3-compress/pass-case.ts';

const graph = graphOf((g) => g.add('relu', [g.input([1, 3])]));
/** As many of each class, all different. */
const labelled = (labels: readonly number[]) => ({
  samples: labels.map((label, i) => ({ x0: Float32Array.of(label, i, 0.5) })),
  labels,
});
const classesIn = (labels: readonly number[]) => [...new Set(labels)].sort((a, b) => a - b);

test.each([2, 3, 10])(
  'evaluation data that has %i classes in turn is halved into two of all classes',
  async (classes) => {
    const evaluation = labelled(Array.from({ length: 20 * classes }, (_, i) => i % classes));
    const { validation, reported } = await readSamples(graph, { target: 'mobile-wasm', evaluation });
    for (const half of [validation, reported]) {
      const { data } = half!;
      expect(data.size).toBe(10 * classes);
      const found = Array.from({ length: data.size }, (_, i) => labelsOf(data.labels!, i)[0]!);
      expect(classesIn(found)).toEqual(Array.from({ length: classes }, (_, c) => c));
    }
  },
);

test.each([2, 3, 10])(
  'the first and the last of calibration data sorted by %i classes are of all classes',
  async (classes) => {
    const calibration = labelled(Array.from({ length: 30 * classes }, (_, i) => Math.floor(i / 30)));
    const found = await readSamples(graph, { target: 'mobile-wasm', calibration });
    expect(found.calibration.map(({ x0 }) => x0![0])).toEqual([...found.calibrationLabels!]);
    expect(new Set(found.calibration.map(({ x0 }) => x0![1])).size).toBe(30 * classes);
    const labels = [...found.calibrationLabels!];
    const all = Array.from({ length: classes }, (_, c) => c);
    expect(classesIn(labels.slice(0, 3 * classes))).toEqual(all);
    expect(classesIn(labels.slice(-6 * classes))).toEqual(all);
  },
);

test.each([
  ['int64', BigInt64Array, 2n ** 31n, 'int32'],
  ['int64', BigInt64Array, -(2n ** 31n) - 1n, 'int32'],
  ['uint64', BigUint64Array, 2n ** 32n, 'uint32'],
] as const)('on a target without BigInt %s data beyond 32 bits is refused', async (dtype, array, value, kept) => {
  const wide = graphOf((g) => g.add('abs', [g.input([1, 2], dtype)]));
  const feeds = (last: bigint) => [{ x0: array.of(1n, value - (value < 0n ? -1n : 1n)) }, { x0: array.of(3n, last) }];
  const read = (target: 'embedded-wasm' | 'mobile-wasm', last: bigint) =>
    readSamples(wide, { target, calibration: feeds(last) });
  await expect(read('embedded-wasm', value)).rejects.toThrow(
    `LCC7009: Sample 1 holds a value for "x0" that is outside of ${kept}.\n  at calibration\n  element: 1\n  value: ${value}\n`,
  );
  expect((await read('embedded-wasm', 0n)).calibration).toHaveLength(2);
  expect((await read('mobile-wasm', value)).calibration).toHaveLength(2);
});

test('a drop in per cent is of metrics that are shares', async () => {
  const evaluation = labelled([0, 1, 2, 0, 1, 2]);
  const read = (metric: string) => readSamples(graph, { target: 'mobile-wasm', evaluation, metric, maxDrop: '1 %' });
  expect((await read('top-1')).validation?.data.size).toBe(3);
  await expect(read('perplexity')).rejects.toThrow(
    'LCC7029: --max-drop 1 % is of a share of the samples, which the metric perplexity is not.\n  Next: Write --max-drop as an amount of perplexity, a number alone.',
  );
});

test('a metric with nothing to measure it on is refused', async () => {
  await expect(readSamples(graph, { target: 'mobile-wasm', metric: 'top-5' })).rejects.toThrow(
    'LCC7028: There is nothing to measure the metric "top-5" on.\n  Next: Name data by --evaluation',
  );
});
