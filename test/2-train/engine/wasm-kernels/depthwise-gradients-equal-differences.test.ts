import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, test } from 'vitest';
import { differences, expectClose, sizeOf, valuesOf } from './differences.ts';
import { type ConvCase, convolve, outputShape } from './plain-conv.ts';
import { derive, startWasm } from './start-wasm.ts';

beforeAll(startWasm);

const plain = { strides: [1, 1], dilations: [1, 1], pad: 'same' } as const;

const cases: readonly ConvCase[] = [
  { ...plain, x: [1, 5, 5, 1], filter: [3, 3, 1, 1] },
  { ...plain, x: [2, 5, 7, 3], filter: [3, 3, 3, 1] },
  { ...plain, x: [2, 5, 7, 5], filter: [3, 2, 5, 1], pad: 'valid' },
  { ...plain, x: [2, 5, 4, 3], filter: [3, 3, 3, 2] },
  { ...plain, x: [1, 5, 4, 2], filter: [2, 3, 2, 3], pad: 'valid' },
  { ...plain, x: [2, 7, 6, 5], filter: [3, 3, 5, 1], strides: [2, 2] },
  { ...plain, x: [1, 8, 9, 2], filter: [3, 3, 2, 2], strides: [3, 3] },
  { ...plain, x: [1, 7, 7, 3], filter: [3, 3, 3, 1], strides: [2, 2], pad: 'valid' },
  { ...plain, x: [1, 7, 8, 2], filter: [3, 3, 2, 1], dilations: [2, 2] },
  { ...plain, x: [1, 9, 8, 2], filter: [3, 2, 2, 2], dilations: [3, 2] },
  { ...plain, x: [1, 6, 6, 3], filter: [3, 3, 3, 1], pad: 1 },
  { ...plain, x: [1, 6, 6, 2], filter: [2, 2, 2, 1], pad: 3 },
  { ...plain, x: [1, 8, 8, 4], filter: [5, 5, 4, 1] },
  {
    ...plain,
    x: [2, 5, 6, 2],
    filter: [3, 3, 2, 2],
    pad: [
      [0, 0],
      [2, 0],
      [1, 3],
      [0, 0],
    ],
  },
];

describe.each(cases)('x $x filter $filter strides $strides dilations $dilations pad $pad', (one) => {
  test('the gradients of x and of the filter', () => {
    const [x, filter] = [valuesOf(sizeOf(one.x), 1), valuesOf(sizeOf(one.filter), 2)];
    const weights = valuesOf(sizeOf(outputShape(one, true)), 3);
    const [dx, dFilter] = derive(
      (a, b) =>
        tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, [...one.strides], one.pad, 'NHWC', [...one.dilations]),
      [
        [x, [...one.x]],
        [filter, [...one.filter]],
      ],
      weights,
    );
    expectClose(
      dx!,
      differences((at) => convolve(one, at, filter, true), x, weights),
    );
    expectClose(
      dFilter!,
      differences((at) => convolve(one, x, at, true), filter, weights),
    );
  });
});
