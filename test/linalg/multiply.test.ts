import { describe, expect, test } from 'vitest';
import { makeMatrix, transpose } from '../../compiler/linalg/matrix.ts';
import { gram, multiply, multiplyTransposed, transposedMultiply } from '../../compiler/linalg/multiply.ts';
import { distance, fromRows, multiplyPlainly, randomMatrix } from './matrices.ts';

/** m, k, n: in JavaScript below 32768 multiply-adds, in wasm from there on; around the tile and the block sizes. */
const sizes = [
  [1, 1, 1],
  [3, 5, 2],
  [31, 32, 32],
  [32, 32, 32],
  [33, 34, 35],
  [1, 300, 300],
  [300, 300, 1],
  [200, 1, 200],
  [127, 255, 65],
  [128, 256, 64],
  [129, 257, 66],
  [130, 40, 515],
  [66, 513, 17],
] as const;

describe('products', () => {
  test.each(sizes)('%d x %d by %d', (m, k, n) => {
    const a = randomMatrix(m, k, 1);
    const b = randomMatrix(k, n, 2);
    const expected = multiplyPlainly(a, b);
    const rounding = 1e-15 * k;
    expect(distance(multiply(a, b), expected)).toBeLessThan(rounding);
    expect(distance(multiplyTransposed(a, transpose(b)), expected)).toBeLessThan(rounding);
    expect(distance(transposedMultiply(transpose(a), b), expected)).toBeLessThan(rounding);
  });

  test('of nothing are zeros', () => {
    expect(multiply(makeMatrix(2, 0), makeMatrix(0, 3))).toEqual(makeMatrix(2, 3));
    expect(multiply(makeMatrix(0, 2), makeMatrix(2, 3))).toEqual(makeMatrix(0, 3));
  });

  test.each([
    [130, 5],
    [130, 70],
    [257, 66],
    [300, 129],
    [513, 260],
    [40, 515],
  ])('a Gram matrix of %d x %d is symmetric to the last bit', (rows, n) => {
    const a = randomMatrix(rows, n);
    const product = gram(a);
    expect(product).toEqual(transpose(product));
    expect(distance(product, multiplyPlainly(transpose(a), a))).toBeLessThan(1e-15 * rows);
  });

  test.each([4, 40])('NaN and infinities stay in their row at size %d', (n) => {
    const a = randomMatrix(n, n, 3);
    a.data[0] = Number.NaN;
    a.data[n] = Infinity;
    const { data } = multiply(
      a,
      makeMatrix(
        n,
        n,
        randomMatrix(n, n, 4).data.map((value) => Math.abs(value) + 0.1),
      ),
    );
    expect([...data.subarray(0, n)]).toEqual(Array(n).fill(Number.NaN));
    expect([...data.subarray(n, 2 * n)]).toEqual(Array(n).fill(Infinity));
    expect([...data.subarray(2 * n)].every(Number.isFinite)).toBe(true);
  });

  test('a large product leaves nothing behind for the next', () => {
    const a = randomMatrix(40, 40, 5);
    const b = randomMatrix(40, 40, 6);
    const first = multiply(a, b);
    multiply(randomMatrix(200, 200, 7), randomMatrix(200, 200, 8));
    expect(multiply(a, b)).toEqual(first);
  });

  test('of sizes that do not fit are none', () => {
    const a = fromRows([1, 2, 3]);
    expect(() => multiply(a, a)).toThrow(new RangeError('multiply: 1x3 by 1x3 do not fit'));
    expect(() => multiplyTransposed(a, transpose(a))).toThrow(
      new RangeError('multiplyTransposed: 1x3 by 1x3 do not fit'),
    );
    expect(() => transposedMultiply(a, transpose(a))).toThrow(
      new RangeError('transposedMultiply: 3x1 by 3x1 do not fit'),
    );
  });
});
