import { describe, expect, test } from 'vitest';
import { type Matrix, makeMatrix } from '../../compiler/linalg/matrix.ts';
import { multiply } from '../../compiler/linalg/multiply.ts';
import { splitProduct } from '../../compiler/linalg/split-product.ts';
import { recompose, svd, truncate } from '../../compiler/linalg/svd.ts';
import { distance, randomMatrix } from './matrices.ts';

const productOf = (factors: readonly Matrix[]): Matrix => factors.reduce((inner, outer) => multiply(outer, inner));
const sizesOf = (factors: readonly Matrix[]) => factors.map(({ rows, columns }) => [rows, columns]);

describe('splitProduct', () => {
  test.each([
    ['tall', randomMatrix(30, 12), 12],
    ['wide', randomMatrix(12, 30), 30],
    ['square', randomMatrix(20, 20), 20],
    ['wider than it has rank', randomMatrix(12, 7), 15],
  ])('gives back the matrix: %s', (_, w, inner) => {
    expect(splitProduct(w, 1, inner)).toEqual([w]);
    for (const count of [2, 3, 4]) {
      const factors = splitProduct(w, count, inner);
      const middle = new Array(count - 2).fill([inner, inner]);
      expect(sizesOf(factors)).toEqual([[inner, w.columns], ...middle, [w.rows, inner]]);
      expect(distance(productOf(factors), w)).toBeLessThan(1e-12);
    }
  });

  test('each factor has the roots of the singular values', () => {
    const w = randomMatrix(12, 30);
    const roots = svd(w).singular.map(Math.cbrt);
    for (const factor of splitProduct(w, 3))
      for (const [i, value] of svd(factor).singular.entries()) expect(value).toBeCloseTo(roots[i]!, 12);
  });

  test('of a lower rank the nearest', () => {
    const w = randomMatrix(12, 30);
    const factors = splitProduct(w, 2, 5);
    expect(sizesOf(factors)).toEqual([
      [5, 30],
      [12, 5],
    ]);
    expect(distance(productOf(factors), recompose(truncate(svd(w), 5)))).toBeLessThan(1e-12);
  });

  test('of zeros only the last factor is zeros', () => {
    const [first, middle, last] = splitProduct(makeMatrix(4, 6), 3);
    expect(last!.data.every((v) => v === 0)).toBe(true);
    expect(svd(first!).singular.every((v) => Math.abs(v - 1) < 1e-12)).toBe(true);
    expect(svd(middle!).singular.every((v) => Math.abs(v - 1) < 1e-12)).toBe(true);
  });
});
