import { expect, test } from 'vitest';
import type { DataPort, Feeds } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import { openFeeds } from '../../compiler/data/open-feeds.ts';
import { requireDisjoint } from '../../compiler/data/overlap.ts';
import { encodeFloat16 } from '../../compiler/tensor/convert.ts';
import { makeFolder } from './files.ts';

const { write } = makeFolder();
const ports: readonly DataPort[] = [
  { name: 'x', dtype: 'float32', shape: [1, 2] },
  { name: 'h', dtype: 'float16', shape: [1] },
];
const half = (value: number): Uint16Array => Uint16Array.of(encodeFloat16(value));
const good: Feeds = { h: half(0.5), x: Float32Array.of(1, 2), more: Float32Array.of(9) };

test('arrays by input are samples, in the order of the inputs, with a class of each', () => {
  const data = openFeeds('evaluation', [good, { ...good, x: Float32Array.of(3, 4) }], ports, [1, 0]);
  expect(data).toMatchObject({ name: 'evaluation', size: 2, labels: { kind: 'class', width: 1 } });
  expect(Object.entries(data.feedsOf(1))).toEqual([
    ['x', Float32Array.of(3, 4)],
    ['h', half(0.5)],
  ]);
  expect(data.hashOf(0)).not.toBe(data.hashOf(1));
  expect(() => data.feedsOf(2)).toThrow(RangeError);
});

test('the same samples are the same in a file and as arrays', async () => {
  const [port] = ports;
  const file = write('same.jsonl', '{"x": [1, 2]}\n{"x": [5, 6]}\n');
  const [stored, given] = [await openData(file, [port!]), openFeeds('evaluation', [good], [port!])];
  expect(requireDisjoint(given, stored)).toMatchObject({ code: 'LCC7102' });
  expect(() => requireDisjoint(stored, given)).toThrow('LCC7101');
});

test.each<[string, readonly Feeds[], readonly number[] | undefined]>([
  ['LCC7011: The data holds no sample.', [], undefined],
  ['LCC7006: The data has nothing for the model\'s input "h".', [good, { x: good.x! }], undefined],
  ['LCC7007: Sample 0 does not fit the model\'s input "x".', [{ ...good, x: new Float32Array(3) }], undefined],
  ['LCC7007: Sample 1 does not fit the model\'s input "x".', [good, { ...good, x: new Float64Array(2) }], undefined],
  ['LCC7009: Sample 0 holds a value for "x"', [{ ...good, x: Float32Array.of(0, Number.NaN) }], undefined],
  ['LCC7009: Sample 0 holds a value for "h"', [{ ...good, h: half(Number.POSITIVE_INFINITY) }], undefined],
  ['LCC7012: There are 1 labels for 2 samples.', [good, good], [1]],
  ['LCC7013: The label of sample 1 is -1', [good, good], [0, -1]],
  ['LCC7014: The label of sample 0 is not a whole number', [good], [0.5]],
])('%s', (message, samples, classes) => {
  expect(() => openFeeds('evaluation', samples, ports, classes)).toThrow(message);
});
