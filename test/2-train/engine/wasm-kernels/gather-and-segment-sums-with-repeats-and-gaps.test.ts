import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { differences, expectClose, sizeOf, valuesOf } from './differences.ts';
import { derive, read, startWasm } from './start-wasm.ts';

beforeAll(startWasm);

const segmentCases = [
  { ids: [0, 2, 2, 5, 0, 2], segments: 7, inner: [] },
  { ids: [3, 3, 3], segments: 4, inner: [5] },
  { ids: [1, -1, 0, 9], segments: 3, inner: [2, 3] },
  { ids: [0], segments: 1, inner: [1] },
];

describe.each(segmentCases)('segment sums of ids $ids in $segments, inner $inner', ({ ids, segments, inner }) => {
  const size = sizeOf(inner);
  const x = valuesOf(ids.length * size, 1);
  const sums = (at: readonly number[]): number[] => {
    const y: number[] = Array(segments * size).fill(0);
    for (const [i, id] of ids.entries())
      if (id >= 0 && id < segments) for (let j = 0; j < size; j++) y[id * size + j]! += at[i * size + j]!;
    return y;
  };
  const segmentIds = () => tf.tensor1d(ids, 'int32');

  test('equal plain sums', () => {
    expectClose(
      read(() => tf.unsortedSegmentSum(tf.tensor(x, [ids.length, ...inner]), segmentIds(), segments)),
      sums(x),
    );
  });
});

const gatherCases = [
  { shape: [6, 3], indices: [1, 1, 4, 0, 1], indexShape: [5], axis: 0 },
  { shape: [6, 3], indices: [1, 1, 4, 0, 1, 5], indexShape: [2, 3], axis: 0 },
  { shape: [2, 5, 3], indices: [4, 4, 0], indexShape: [3], axis: 1 },
  { shape: [2, 5], indices: [4, 4, 0, 1], indexShape: [4], axis: 1 },
  { shape: [7], indices: [6, 6, 6], indexShape: [3], axis: 0 },
  { shape: [2, 3, 4], indices: [3, 0, 3], indexShape: [3], axis: 2 },
];

describe.each(gatherCases)('gather of $indices from $shape along $axis', ({ shape, indices, indexShape, axis }) => {
  const x = valuesOf(sizeOf(shape), 2);
  const rows = (at: readonly number[]): number[] => {
    const inner = sizeOf(shape.slice(axis + 1));
    const y: number[] = [];
    for (let outer = 0; outer < sizeOf(shape.slice(0, axis)); outer++)
      for (const index of indices)
        for (let j = 0; j < inner; j++) y.push(at[(outer * shape[axis]! + index) * inner + j]!);
    return y;
  };
  const chosen = () => tf.tensor(indices, indexShape, 'int32');

  test('takes the rows and gives their gradients back', () => {
    expect([...read(() => tf.gather(tf.tensor(x, shape), chosen(), axis))]).toEqual(rows(x));
    const weights = valuesOf(rows(x).length, 3);
    const [dx] = derive((a) => tf.gather(a, chosen(), axis), [[x, shape]], weights);
    expectClose(dx!, differences(rows, x, weights));
  });
});

test('an index outside is refused', () => {
  expect(() => tf.tidy(() => tf.gather(tf.ones([3, 2]), tf.tensor1d([0, 3], 'int32')))).toThrow(
    'index 3 is not in 0 .. 2',
  );
});
