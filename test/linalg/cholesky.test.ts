import { describe, expect, test } from 'vitest';
import { cholesky, solveCholesky } from '../../compiler/linalg/cholesky.ts';
import { identity, makeMatrix } from '../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../../compiler/linalg/multiply.ts';
import { distance, fromRows, randomMatrix } from './matrices.ts';

function positive(n: number) {
  const a = randomMatrix(2 * n, n);
  return transposedMultiply(a, a);
}

describe('cholesky', () => {
  test('a known one', () => {
    expect(cholesky(fromRows([4, 2], [2, 10]))).toEqual({ kind: 'factor', lower: fromRows([2, 0], [1, 3]) });
  });

  test.each([0, 1, 5, 63, 64, 65, 200])('size %d', (n) => {
    const a = positive(n);
    const result = cholesky(a);
    if (result.kind !== 'factor') throw new Error(result.kind);
    const { lower } = result;
    expect(distance(multiplyTransposed(lower, lower), a)).toBeLessThanOrEqual(1e-13 * n);
    for (let i = 0; i < n; i++)
      for (let j = i; j < n; j++)
        if (i === j) expect(lower.data[i * n + j]).toBeGreaterThan(0);
        else expect(lower.data[i * n + j]).toBe(0);
    const x = randomMatrix(n, 7, 3);
    expect(distance(solveCholesky(lower, multiply(a, x)), x)).toBeLessThan(1e-10);
  });

  test.each([
    ['zero', makeMatrix(3, 3), 0, 0],
    ['negative', fromRows([1, 0], [0, -2]), 1, -2],
    ['indefinite', fromRows([1, 2], [2, 1]), 1, -3],
    ['of rank 1', fromRows([1, 1], [1, 1]), 1, 0],
  ])('%s has no factor', (_name, a, at, pivot) => {
    expect(cholesky(a)).toEqual({ kind: 'not-positive-definite', at, pivot });
  });

  test('a covariance of too few rows has no factor, at the first direction that is missing', () => {
    const a = randomMatrix(70, 100);
    const result = cholesky(transposedMultiply(a, a));
    expect(result).toMatchObject({ kind: 'not-positive-definite', at: 70 });
  });

  test('reads the lower triangle', () => {
    expect(cholesky(fromRows([4, 99], [2, 10]))).toEqual(cholesky(fromRows([4, 2], [2, 10])));
  });

  test('takes square matrices of numbers, and right sides that fit', () => {
    expect(() => cholesky(makeMatrix(2, 3))).toThrow(new RangeError('cholesky: 2x3 is not square'));
    expect(() => cholesky(fromRows([Infinity]))).toThrow(new RangeError('cholesky: Infinity at [0, 0]'));
    expect(() => solveCholesky(identity(2), makeMatrix(3, 1))).toThrow(
      new RangeError('solveCholesky: 2x2 by 3x1 do not fit'),
    );
  });
});
