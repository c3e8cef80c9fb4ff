import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { differences, expectClose, sizeOf, valuesOf } from './differences.ts';
import { derive, read, startWasm } from './start-wasm.ts';

beforeAll(startWasm);

interface Case {
  readonly batchA: number[];
  readonly batchB: number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

const cases: readonly Case[] = [
  { batchA: [], batchB: [], m: 5, k: 7, n: 3 },
  { batchA: [], batchB: [], m: 1, k: 1, n: 1 },
  { batchA: [], batchB: [], m: 33, k: 65, n: 17 },
  { batchA: [3], batchB: [3], m: 5, k: 3, n: 2 },
  { batchA: [4], batchB: [4], m: 17, k: 16, n: 19 },
  { batchA: [2, 3], batchB: [2, 3], m: 18, k: 16, n: 17 },
  { batchA: [2, 3], batchB: [1, 3], m: 18, k: 16, n: 17 },
  { batchA: [2, 1], batchB: [1, 3], m: 4, k: 5, n: 6 },
  { batchA: [2, 3], batchB: [1, 1], m: 4, k: 5, n: 6 },
  { batchA: [1, 1], batchB: [2, 2], m: 18, k: 16, n: 17 },
  { batchA: [3], batchB: [2, 3], m: 4, k: 5, n: 6 },
];

const transpositions = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** The same by definition, in float64. */
function multiply(a: readonly number[], b: readonly number[], one: Case, isA: boolean, isB: boolean): number[] {
  const { batchA, batchB, m, k, n } = one;
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const result: number[] = [];
  for (let at = 0; at < sizeOf(batch); at++) {
    const startA = batchIndex(at, batch, batchA) * m * k;
    const startB = batchIndex(at, batch, batchB) * k * n;
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++)
          sum += a[startA + (isA ? l * m + i : i * k + l)]! * b[startB + (isB ? j * k + l : l * n + j)]!;
        result.push(sum);
      }
  }
  return result;
}

function batchIndex(at: number, batch: readonly number[], own: readonly number[]): number {
  const place = batch.map((_, axis) => Math.floor(at / sizeOf(batch.slice(axis + 1))) % batch[axis]!);
  return own.reduce((index, extent, axis) => {
    const position = place[axis + batch.length - own.length]!;
    return index * extent + (extent === 1 ? 0 : position);
  }, 0);
}

describe.each(cases)('$batchA x $batchB, $m $k $n', (one) => {
  test.each(transpositions)('transposed: a %s, b %s', (isA, isB) => {
    const { batchA, batchB, m, k, n } = one;
    const shapeA = [...batchA, ...(isA ? [k, m] : [m, k])];
    const shapeB = [...batchB, ...(isB ? [n, k] : [k, n])];
    const [a, b] = [valuesOf(sizeOf(shapeA), 1), valuesOf(sizeOf(shapeB), 2)];
    const product = multiply(a, b, one, isA, isB);
    expectClose(
      read(() => tf.matMul(tf.tensor(a, shapeA), tf.tensor(b, shapeB), isA, isB)),
      product,
    );
  });
});

describe('gradients', () => {
  const small = cases.filter(({ m, batchA, batchB }) => m < 6 && batchA.join() === batchB.join());
  test.each(small.flatMap((one) => transpositions.map((how) => [one, ...how] as const)))(
    '%j %s %s',
    (one, isA, isB) => {
      const { batchA, batchB, m, k, n } = one;
      const shapeA = [...batchA, ...(isA ? [k, m] : [m, k])];
      const shapeB = [...batchB, ...(isB ? [n, k] : [k, n])];
      const [a, b] = [valuesOf(sizeOf(shapeA), 3), valuesOf(sizeOf(shapeB), 4)];
      const weights = valuesOf(sizeOf(batchA) * m * n, 5);
      const product = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, isA, isB);
      const [da, db] = derive(
        (x, y) => product(x!, y!),
        [
          [a, shapeA],
          [b, shapeB],
        ],
        weights,
      );
      expectClose(
        da!,
        differences((x) => multiply(x, b, one, isA, isB), a, weights),
      );
      expectClose(
        db!,
        differences((x) => multiply(a, x, one, isA, isB), b, weights),
      );
    },
  );
  test('operands that do not match are refused', () => {
    expect(() => tf.matMul(tf.ones([2, 3]), tf.ones([4, 2]))).toThrow();
  });
});
