import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { differences, expectClose, sizeOf, valuesOf } from './differences.ts';
import { derive, read, startWasm } from './start-wasm.ts';

beforeAll(startWasm);

/** By its series; for |x| up to 4. */
function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let [sum, term] = [0, x];
  for (let n = 0; n < 150; n++) {
    sum += term / (2 * n + 1);
    term *= (-x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const unary: Record<string, [f: (x: tf.Tensor) => tf.Tensor, exact: (x: number) => number]> = {
  tanh: [tf.tanh, Math.tanh],
  erf: [tf.erf, erf],
  exp: [tf.exp, Math.exp],
  'leakyRelu 0.2': [(x) => tf.leakyRelu(x, 0.2), (x) => (x > 0 ? x : 0.2 * x)],
  'leakyRelu 1.5': [(x) => tf.leakyRelu(x, 1.5), (x) => (x > 0 ? x : 1.5 * x)],
  'leakyRelu 0': [(x) => tf.leakyRelu(x, 0), (x) => Math.max(x, 0)],
  'pow 2': [(x) => tf.pow(x, 2), (x) => x ** 2],
  'pow 3': [(x) => tf.pow(x, 3), (x) => x ** 3],
  'pow 1': [(x) => tf.pow(x, 1), (x) => x],
  'pow -1': [(x) => tf.pow(x, -1), (x) => 1 / x],
  'pow 0.5 of squares': [(x) => tf.pow(tf.square(x), 0.5), Math.abs],
  'pow -0.5 of squares': [(x) => tf.pow(tf.square(x), -0.5), (x) => 1 / Math.abs(x)],
  'pow 1.5 of squares': [(x) => tf.pow(tf.square(x), 1.5), (x) => Math.abs(x) ** 3],
};

describe.each(Object.entries(unary))('%s', (_, [f, exact]) => {
  test.each([1, 3, 4, 16, 37])('%i elements', (count) => {
    const x = valuesOf(count, 1).map((value) => (value === 0 ? 0.5 : 3 * value));
    const all = (at: readonly number[]) => at.map(exact);
    expectClose(
      read(() => f(tf.tensor1d(x))),
      all(x),
      1e-6,
    );
    const weights = valuesOf(count, 2);
    const [dx] = derive((a) => f(a), [[x, [count]]], weights);
    expectClose(dx!, differences(all, x, weights, 2 ** -17), 1e-4);
  });
});

const infinity = Number.POSITIVE_INFINITY;

test.each([
  { name: 'tanh', f: tf.tanh, exact: Math.tanh, ends: [-1, 1] },
  { name: 'erf', f: tf.erf, exact: erf, ends: [-1, 1] },
  { name: 'exp', f: tf.exp, exact: Math.exp, ends: [0, infinity] },
])('$name keeps its relative precision, ends and NaN', ({ f, exact, ends }) => {
  const x = [-1e-6, 1e-6, -1e-3, 0.3, -3.9, 5, -9.5, 20, -30, -80, 88];
  const y = read(() => f(tf.tensor1d(x)));
  for (const [i, value] of x.entries()) expect(Math.abs(y[i]! / exact(Math.fround(value)) - 1)).toBeLessThan(1e-6);
  const [low, lower, high, higher, none] = read(() => f(tf.tensor1d([-1e4, -infinity, 1e4, infinity, Number.NaN])));
  for (const value of [low!, lower!]) expect(value).toBeCloseTo(ends[0]!, 6);
  for (const value of [high!, higher!])
    if (ends[1] === infinity) expect(value).toBe(infinity);
    else expect(value).toBeCloseTo(ends[1]!, 6);
  expect(none).toBeNaN();
});

const binary: Record<string, [f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, exact: (a: number, b: number) => number]> =
  {
    maximum: [tf.maximum, Math.max],
    minimum: [tf.minimum, Math.min],
    squaredDifference: [tf.squaredDifference, (a, b) => (a - b) ** 2],
    'pow of squares': [(a, b) => tf.pow(tf.add(tf.square(a), 0.5), b), (a, b) => (a * a + 0.5) ** b],
    atan2: [tf.atan2, Math.atan2],
  };

const comparisons: Record<
  string,
  [f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, exact: (a: number, b: number) => boolean]
> = {
  equal: [tf.equal, (a, b) => a === b],
  notEqual: [tf.notEqual, (a, b) => a !== b],
  less: [tf.less, (a, b) => a < b],
  lessEqual: [tf.lessEqual, (a, b) => a <= b],
  greater: [tf.greater, (a, b) => a > b],
  greaterEqual: [tf.greaterEqual, (a, b) => a >= b],
};

const shapes: [number[], number[]][] = [
  [[5], [5]],
  [
    [19, 3],
    [19, 3],
  ],
  [[7, 5], []],
  [[], [7, 5]],
  [[7, 5], [5]],
  [
    [7, 5],
    [7, 1],
  ],
  [
    [1, 5],
    [7, 1],
  ],
  [
    [2, 3, 17],
    [3, 1],
  ],
  [[4], [2, 3, 4]],
  [[1], [1, 1]],
];

/** f over a and b broadcast, by definition. */
function overBroadcast<T>(
  a: readonly number[],
  b: readonly number[],
  [shapeA, shapeB]: [number[], number[]],
  f: (a: number, b: number) => T,
): T[] {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(shapeA, shapeB);
  const at = (index: number, own: number[]) =>
    own.reduce((sum, extent, axis) => {
      const inner = sizeOf(shape.slice(axis + shape.length - own.length + 1));
      return sum * extent + (extent === 1 ? 0 : Math.floor(index / inner) % extent);
    }, 0);
  return Array.from({ length: sizeOf(shape) }, (_, i) => f(a[at(i, shapeA)]!, b[at(i, shapeB)]!));
}

describe.each(shapes)('%j with %j', (shapeA, shapeB) => {
  const both: [number[], number[]] = [shapeA, shapeB];
  const a = valuesOf(sizeOf(shapeA), 3);
  /** Never as near to an element of a as the step of the differences. */
  const b = valuesOf(sizeOf(shapeB), 4).map((value) => value + 1 / 128);

  test.each(Object.entries(binary))('%s', (_, [f, exact]) => {
    const y = overBroadcast(a, b, both, exact);
    expectClose(
      read(() => f(tf.tensor(a, shapeA), tf.tensor(b, shapeB))),
      y,
    );
    const weights = valuesOf(y.length, 5);
    const [da, db] = derive(
      (left, right) => f(left!, right!),
      [
        [a, shapeA],
        [b, shapeB],
      ],
      weights,
    );
    expectClose(
      da!,
      differences((at) => overBroadcast(at, b, both, exact), a, weights, 2 ** -17),
      1e-4,
    );
    expectClose(
      db!,
      differences((at) => overBroadcast(a, at, both, exact), b, weights, 2 ** -17),
      1e-4,
    );
  });

  test.each(Object.entries(comparisons))('%s', (_, [f, exact]) => {
    const near = overBroadcast(a, b, both, (left) => left)
      .slice(0, sizeOf(shapeB))
      .map((value, i) => (i % 3 === 0 ? value : b[i]!));
    const y = read(() => f(tf.tensor(a, shapeA), tf.tensor(near, shapeB)));
    expect([...y]).toEqual(overBroadcast(a, near, both, (left, right) => Number(exact(left, right))));
    const whole = a.map((value) => Math.round(4 * value));
    const others = b.map((value) => Math.round(4 * value));
    const integers = read(() => f(tf.tensor(whole, shapeA, 'int32'), tf.tensor(others, shapeB, 'int32')));
    expect([...integers]).toEqual(overBroadcast(whole, others, both, (left, right) => Number(exact(left, right))));
  });
});

test('NaN goes through maximum and minimum and equals nothing', () => {
  const x = [Number.NaN, ...Array(16).fill(1)];
  for (const f of [tf.maximum, tf.minimum]) expect(read(() => f(tf.tensor1d(x), tf.tensor1d([0])))[0]).toBeNaN();
  expect(read(() => tf.equal(tf.tensor1d(x), tf.tensor1d(x)))[0]).toBe(0);
  expect(read(() => tf.notEqual(tf.tensor1d(x), tf.tensor1d(x)))[0]).toBe(1);
});

test.each([1, 5, 16, 16 * 3 + 7])('where picks by its condition, %i elements', (count) => {
  const [a, b] = [valuesOf(count, 6), valuesOf(count, 7)];
  const holds = valuesOf(count, 8).map((value) => value > 0);
  const picked = (x: readonly number[], y: readonly number[]) => x.map((value, i) => (holds[i] ? value : y[i]!));
  const condition = () => tf.tensor1d(holds, 'bool');
  expect([...read(() => tf.where(condition(), tf.tensor1d(a), tf.tensor1d(b)))]).toEqual(picked(a, b));
  expect([...read(() => tf.where(condition(), tf.tensor1d(a), tf.tensor1d([7])))]).toEqual(
    picked(
      a,
      b.map(() => 7),
    ),
  );
  const weights = valuesOf(count, 9);
  const [da, db] = derive(
    (x, y) => tf.where(condition(), x!, y!),
    [
      [a, [count]],
      [b, [count]],
    ],
    weights,
  );
  expectClose(
    da!,
    differences((at) => picked(at, b), a, weights),
  );
  expectClose(
    db!,
    differences((at) => picked(a, at), b, weights),
  );
});
