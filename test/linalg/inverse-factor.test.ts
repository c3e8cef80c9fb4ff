import { describe, expect, test } from 'vitest';
import { factorWithInverse, inverseFactor } from '../../compiler/linalg/inverse-factor.ts';
import { identity, makeMatrix, transpose } from '../../compiler/linalg/matrix.ts';
import { gram, multiply, multiplyTransposed } from '../../compiler/linalg/multiply.ts';
import { distance, fromRows, randomMatrix } from './matrices.ts';

describe('inverseFactor', () => {
  test.each([1, 3, 64, 65, 200])('of a %d x %d matrix is upper triangular, and its square the inverse', (n) => {
    const a = gram(randomMatrix(2 * n, n, n));
    const upper = inverseFactor(a);
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(upper.data[i * n + j]).toBe(0);
    expect(distance(multiply(gram(upper), a), identity(n))).toBeLessThan(1e-9);
  });

  test('comes with what it is the inverse of', () => {
    const a = gram(randomMatrix(20, 9, 3));
    const { factor, inverse } = factorWithInverse(a);
    expect(distance(multiplyTransposed(factor, factor), a)).toBeLessThan(1e-9);
    expect(distance(multiply(factor, inverse), identity(9))).toBeLessThan(1e-9);
  });

  test('adds the ridge to the diagonal', () => {
    const upper = inverseFactor(fromRows([3, 0], [0, 8]), 1);
    expect(upper).toEqual(fromRows([1 / 2, 0], [0, 1 / 3]));
  });

  test('of a singular matrix has a ridge that grows until there is one', () => {
    const row = randomMatrix(1, 5, 2);
    const upper = inverseFactor(multiply(transpose(row), row));
    expect(upper.data.every(Number.isFinite)).toBe(true);
  });

  test('refuses NaN and ridges below 0', () => {
    expect(() => inverseFactor(makeMatrix(1, 1, Float64Array.of(Number.NaN)))).toThrow(RangeError);
    expect(() => inverseFactor(identity(2), -1)).toThrow(RangeError);
  });
});
