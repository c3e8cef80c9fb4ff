import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { differences, expectClose, sizeOf, valuesOf } from './differences.ts';
import { derive, read, startWasm } from './start-wasm.ts';

beforeAll(startWasm);

const placeOf = (index: number, shape: readonly number[]): number[] =>
  shape.map((extent, axis) => Math.floor(index / sizeOf(shape.slice(axis + 1))) % extent);
const indexOf = (place: readonly number[], shape: readonly number[]): number =>
  shape.reduce((index, extent, axis) => index * extent + place[axis]!, 0);

test.each([
  [[], []],
  [[3], [4]],
  [
    [1, 5],
    [7, 1],
  ],
  [
    [5, 1],
    [1, 7],
  ],
  [
    [1, 1],
    [3, 4],
  ],
  [
    [2, 3],
    [3, 2],
  ],
  [
    [2, 1, 3],
    [1, 4, 1],
  ],
  [
    [2, 3, 1, 2],
    [2, 1, 3, 2],
  ],
])('tile %j by %j', (shape: number[], reps: number[]) => {
  const x = valuesOf(sizeOf(shape), 1);
  const tiled = shape.map((extent, axis) => extent * reps[axis]!);
  const repeat = (at: readonly number[]) =>
    Array.from({ length: sizeOf(tiled) }, (_, i) => {
      const place = placeOf(i, tiled).map((position, axis) => position % shape[axis]!);
      return at[indexOf(place, shape)]!;
    });
  expect([...read(() => tf.tile(tf.tensor(x, shape), reps))]).toEqual(repeat(x));
  const whole = x.map((value) => Math.trunc(9 * value + 10));
  expect([...read(() => tf.tile(tf.tensor(whole, shape, 'int32'), reps))]).toEqual(repeat(whole));
});

test.each([
  [
    [2, 3],
    [1, 0],
  ],
  [
    [2, 3, 4],
    [0, 2, 1],
  ],
  [
    [1, 3, 1, 4],
    [3, 2, 1, 0],
  ],
  [
    [2, 3, 4, 5],
    [1, 2, 3, 0],
  ],
  [
    [2, 3, 4, 1, 5],
    [2, 0, 3, 1, 4],
  ],
  [
    [2, 3, 4, 2, 5],
    [2, 0, 3, 1, 4],
  ],
  [
    [2, 3, 4, 2, 3],
    [4, 2, 0, 3, 1],
  ],
  [
    [2, 3, 2, 2, 3],
    [3, 4, 0, 1, 2],
  ],
  [
    [2, 3, 2, 2, 3, 2],
    [5, 1, 3, 0, 2, 4],
  ],
  [
    [2, 3],
    [0, 1],
  ],
])('transpose %j to %j', (shape: number[], perm: number[]) => {
  const x = valuesOf(sizeOf(shape), 2);
  const to = perm.map((axis) => shape[axis]!);
  const moved = Array.from({ length: sizeOf(to) }, (_, i) => {
    const place = placeOf(i, to);
    return x[
      indexOf(
        shape.map((_, axis) => place[perm.indexOf(axis)]!),
        shape,
      )
    ]!;
  });
  expect([...read(() => tf.transpose(tf.tensor(x, shape), perm))]).toEqual(moved);
});

test.each([
  [[65, 8], [0]],
  [[1, 12], [0]],
  [
    [3, 5, 7, 16],
    [0, 1, 2],
  ],
  [
    [3, 50, 4, 4],
    [0, 1],
  ],
  [[9, 5], [0]],
  [[9, 8], [1]],
  [
    [4, 6, 8],
    [0, 2],
  ],
])('sum and mean of %j over %j', (shape: number[], axes: number[]) => {
  const x = valuesOf(sizeOf(shape), 3);
  const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const sums = (at: readonly number[]) => {
    const y: number[] = Array(sizeOf(kept)).fill(0);
    for (const [i, value] of at.entries())
      y[
        indexOf(
          placeOf(i, shape).map((position, axis) => (kept[axis] === 1 ? 0 : position)),
          kept,
        )
      ]! += value;
    return y;
  };
  const count = sizeOf(axes.map((axis) => shape[axis]!));
  const means = (at: readonly number[]) => sums(at).map((sum) => sum / count);
  for (const keepDims of [false, true]) {
    const expectedShape = keepDims ? kept : shape.filter((_, axis) => !axes.includes(axis));
    expect(tf.tidy(() => tf.sum(tf.zeros(shape), axes, keepDims).shape)).toEqual(expectedShape);
    expectClose(
      read(() => tf.sum(tf.tensor(x, shape), axes, keepDims)),
      sums(x),
    );
    expectClose(
      read(() => tf.mean(tf.tensor(x, shape), axes, keepDims)),
      means(x),
    );
  }
  const weights = valuesOf(sizeOf(kept), 4);
  const [dx] = derive((a) => tf.mean(a, axes), [[x, shape]], weights);
  expectClose(dx!, differences(means, x, weights));
});

test('a clone and a cast to the own type are the same values, freed once', () => {
  const before = tf.memory();
  const x = tf.tensor1d([1, 2, 3]);
  const [clone, cast] = [x.clone(), tf.cast(x, 'float32')];
  expect(tf.memory().numDataBuffers - before.numDataBuffers).toBe(1);
  x.dispose();
  expect([...clone.dataSync()]).toEqual([1, 2, 3]);
  clone.dispose();
  expect([...cast.dataSync()]).toEqual([1, 2, 3]);
  cast.dispose();
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  expect([...read(() => tf.cast(tf.tensor1d([1.5, -2.5]), 'int32'))]).toEqual([1, -2]);
});
