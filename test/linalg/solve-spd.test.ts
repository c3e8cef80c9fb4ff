import { describe, expect, test } from 'vitest';
import { makeMatrix } from '../../compiler/linalg/matrix.ts';
import { multiply, transposedMultiply } from '../../compiler/linalg/multiply.ts';
import { solveSpd } from '../../compiler/linalg/solve-spd.ts';
import { distance, fromRows, randomMatrix } from './matrices.ts';

describe('solving with a ridge', () => {
  test('none asked, none needed', () => {
    const { x, ridge } = solveSpd(fromRows([4, 2], [2, 10]), fromRows([8], [22]));
    expect(ridge).toBe(0);
    expect(distance(x, fromRows([1], [2]))).toBeLessThan(1e-15);
  });

  test('the one asked for', () => {
    const { x, ridge } = solveSpd(fromRows([1, 0], [0, 3]), fromRows([4], [10]), 1);
    expect(ridge).toBe(1);
    expect(distance(x, fromRows([2], [2.5]))).toBeLessThan(1e-15);
  });

  test('a larger one where that is not enough, by powers of ten from 1e-12 of the largest element', () => {
    const thin = randomMatrix(30, 50);
    const a = transposedMultiply(thin, thin);
    const b = multiply(a, randomMatrix(50, 2, 3));
    const { x, ridge } = solveSpd(a, b);
    const largest = a.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(ridge).toBeGreaterThan(0);
    expect(ridge).toBeLessThan(1e-8 * largest);
    expect(distance(multiply(a, x), b)).toBeLessThan(1e-7);
  });

  test.each([
    ['zero', makeMatrix(2, 2)],
    ['indefinite', fromRows([1, 5], [5, 1])],
    ['negative', fromRows([-1e9, 0], [0, -1])],
  ])('%s: until it succeeds', (_name, a) => {
    const b = fromRows([1], [2]);
    const { x, ridge } = solveSpd(a, b);
    const damped = makeMatrix(
      2,
      2,
      a.data.map((value, at) => value + (at % 3 === 0 ? ridge : 0)),
    );
    expect(distance(multiply(damped, x), b)).toBeLessThan(1e-9);
    expect(solveSpd(a, b)).toEqual({ x, ridge });
  });

  test('takes numbers that fit', () => {
    const one = fromRows([1]);
    expect(() => solveSpd(one, one, -1)).toThrow(new RangeError('solveSpd: ridge -1'));
    expect(() => solveSpd(one, one, Number.NaN)).toThrow(new RangeError('solveSpd: ridge NaN'));
    expect(() => solveSpd(one, makeMatrix(2, 1))).toThrow(new RangeError('solveSpd: 1x1 by 2x1 do not fit'));
    expect(() => solveSpd(fromRows([Number.NaN]), one)).toThrow(new RangeError('solveSpd: NaN at [0, 0]'));
    expect(() => solveSpd(one, fromRows([Infinity]))).toThrow(new RangeError('solveSpd: Infinity at [0, 0]'));
  });
});
