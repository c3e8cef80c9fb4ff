import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { differences, expectClose, sizeOf, valuesOf } from './differences.ts';
import { derive, read, startWasm } from './start-wasm.ts';

beforeAll(startWasm);

interface PoolCase {
  /** n, h, w, c */
  readonly x: readonly [number, number, number, number];
  readonly window: [number, number];
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | number;
}

const cases: readonly PoolCase[] = [
  { x: [1, 4, 4, 1], window: [2, 2], strides: [2, 2], pad: 'same' },
  { x: [2, 5, 7, 3], window: [2, 2], strides: [2, 2], pad: 'same' },
  { x: [2, 5, 7, 5], window: [3, 3], strides: [1, 1], pad: 'same' },
  { x: [2, 5, 7, 4], window: [3, 3], strides: [2, 2], pad: 'same' },
  { x: [1, 6, 7, 6], window: [3, 2], strides: [1, 2], pad: 'valid' },
  { x: [1, 7, 8, 2], window: [2, 2], strides: [3, 3], pad: 'valid' },
  { x: [2, 6, 6, 8], window: [3, 3], strides: [2, 2], pad: 1 },
  { x: [1, 5, 6, 9], window: [5, 6], strides: [1, 1], pad: 'valid' },
];

/** The elements of each window of each channel, by definition. */
function pool({ x: shape, window, strides, pad }: PoolCase, x: readonly number[], reduce: (seen: number[]) => number) {
  const [n, h, w, c] = shape;
  const before = [h, w].map((size, axis) => {
    if (pad !== 'same') return { pad: pad === 'valid' ? 0 : pad, out: 0, size };
    const out = Math.ceil(size / strides[axis]!);
    return { pad: Math.floor(Math.max(0, (out - 1) * strides[axis]! + window[axis]! - size) / 2), out, size };
  });
  const outs = before.map(({ pad: p, out, size }, axis) =>
    out > 0 ? out : Math.floor((size + 2 * p - window[axis]!) / strides[axis]!) + 1,
  );
  const y: number[] = [];
  for (let image = 0; image < n; image++)
    for (let row = 0; row < outs[0]!; row++)
      for (let column = 0; column < outs[1]!; column++)
        for (let channel = 0; channel < c; channel++) {
          const seen: number[] = [];
          for (let i = 0; i < window[0]; i++)
            for (let j = 0; j < window[1]; j++) {
              const below = row * strides[0] + i - before[0]!.pad;
              const aside = column * strides[1] + j - before[1]!.pad;
              if (below >= 0 && below < h && aside >= 0 && aside < w)
                seen.push(x[((image * h + below) * w + aside) * c + channel]!);
            }
          y.push(reduce(seen));
        }
  return y;
}

const mean = (seen: number[]) => seen.reduce((sum, value) => sum + value, 0) / seen.length;

describe.each(cases)('x $x window $window strides $strides pad $pad', (one) => {
  const { x: shape, window, strides, pad } = one;

  test('maximum', () => {
    /** Distinct values, further apart than the step. */
    const order = valuesOf(sizeOf(shape), 1)
      .map((value, i) => [value, i] as const)
      .sort(([a, i], [b, j]) => a - b || i - j);
    const x: number[] = [];
    for (const [rank, [, i]] of order.entries()) x[i] = rank / 64;
    const largest = (at: readonly number[]) => pool(one, at, (seen) => Math.max(...seen));
    const weights = valuesOf(largest(x).length, 2);
    const [dx] = derive((a) => tf.maxPool(a as tf.Tensor4D, window, strides, pad), [[x, [...shape]]], weights);
    expectClose(dx!, differences(largest, x, weights));
  });

  test('mean', () => {
    const x = valuesOf(sizeOf(shape), 3);
    const means = (at: readonly number[]) => pool(one, at, mean);
    expectClose(
      read(() => tf.avgPool(tf.tensor4d(x, [...shape]), window, strides, pad)),
      means(x),
    );
    const weights = valuesOf(means(x).length, 4);
    const [dx] = derive((a) => tf.avgPool(a as tf.Tensor4D, window, strides, pad), [[x, [...shape]]], weights);
    expectClose(dx!, differences(means, x, weights));
  });
});

test('of equal elements only the first gets the gradient of the maximum', () => {
  const [dx] = derive(
    (a) => tf.maxPool(a as tf.Tensor4D, 2, 2, 'same'),
    [[Array(20).fill(0), [1, 2, 2, 5]]],
    [1, 2, 3, 4, 5],
  );
  expect([...dx!]).toEqual([1, 2, 3, 4, 5, ...Array(15).fill(0)]);
});
