import { describe, expect, test } from 'vitest';
import { identity, type Matrix, makeMatrix, transpose } from '../../compiler/linalg/matrix.ts';
import { transposedMultiply } from '../../compiler/linalg/multiply.ts';
import { recompose, type Svd, svd, truncate } from '../../compiler/linalg/svd.ts';
import { distance, fromRows, largestOfColumns, randomMatrix, withSingularValues } from './matrices.ts';

/** What svd promises of both the values and the product, of the largest value. */
const promised = 1e-11;

function expectDecomposed(a: Matrix, { u, singular, v }: Svd): void {
  const k = Math.min(a.rows, a.columns);
  expect([u.rows, u.columns, singular.length, v.rows, v.columns]).toEqual([a.rows, k, k, a.columns, k]);
  expect(distance(transposedMultiply(u, u), identity(k))).toBeLessThan(1e-13);
  expect(distance(transposedMultiply(v, v), identity(k))).toBeLessThan(1e-13);
  expect(distance(recompose({ u, singular, v }), a)).toBeLessThanOrEqual(promised * (singular[0] ?? 0));
  expect([...singular]).toEqual([...singular].sort((x, y) => y - x));
  expect(singular.every((value) => value >= 0)).toBe(true);
  expect(largestOfColumns(u).every((value) => value > 0)).toBe(true);
}

describe('svd', () => {
  test('a known one', () => {
    const { u, singular, v } = svd(fromRows([3, 0], [4, 5]));
    expect(singular[0]).toBeCloseTo(Math.sqrt(45), 13);
    expect(singular[1]).toBeCloseTo(Math.sqrt(5), 13);
    expect(u.data[2]! / u.data[0]!).toBeCloseTo(3, 13);
    expect(v.data[2]! / v.data[0]!).toBeCloseTo(1, 13);
  });

  test.each([
    ['no row', makeMatrix(0, 3)],
    ['1x1', fromRows([-7])],
    ['one column', randomMatrix(40, 1)],
    ['one row', randomMatrix(1, 40)],
    ['zero', makeMatrix(30, 50)],
    ['identity', identity(40)],
    ['square', randomMatrix(90, 90)],
    ['tall', randomMatrix(300, 70)],
    ['wide', randomMatrix(70, 300)],
  ])('%s', (_name, a) => {
    const found = svd(a);
    expectDecomposed(a, found);
    expect(svd(a)).toEqual(found);
  });

  const spectra: [string, (i: number) => number][] = [
    ['equal', () => 3],
    ['falling to 1e-8', (i) => 10 ** (-i / 5)],
    ['falling below rounding', (i) => 10 ** (-i / 2)],
    ['one large', (i) => (i === 0 ? 1 : 1e-9)],
    ['rank 5', (i) => (i < 5 ? 1 : 0)],
    ['four plateaus', (i) => [1, 1e-5, 1e-10, 0][Math.floor(i / 10)]!],
    ['a gap, then close ones', (i) => (i < 20 ? 1 : 1e-6 * (1 - i / 1000))],
    ['huge', () => 1e300],
    ['tiny', (i) => 1e-280 * (i < 20 ? 1 : 1e-7)],
  ];
  const shapes = [
    [40, 40],
    [120, 40],
    [40, 120],
  ];
  test.each(spectra.flatMap(([name, f]) => shapes.map(([m, n]) => [name, m!, n!, f] as const)))(
    'values %s, %d x %d',
    (_name, m, n, f) => {
      const values = Float64Array.from({ length: 40 }, (_, i) => f(i));
      const a = withSingularValues(m, n, values);
      const found = svd(a);
      expectDecomposed(a, found);
      for (let i = 0; i < 40; i++)
        expect(Math.abs(found.singular[i]! - values[i]!)).toBeLessThan(promised * values[0]!);
    },
  );

  test('the values below rounding level are 0, so that they count the rank', () => {
    const { singular } = svd(
      withSingularValues(
        120,
        40,
        Float64Array.from({ length: 40 }, (_, i) => (i < 5 ? 2 : 0)),
      ),
    );
    expect(singular.filter((value) => value > 0).length).toBe(5);
  });

  test('of the transpose is the same with its sides changed', () => {
    const a = randomMatrix(60, 35);
    const [one, other] = [svd(a), svd(transpose(a))];
    expect(other.singular).toEqual(one.singular);
    for (let at = 0; at < one.u.data.length; at++) expect(Math.abs(one.u.data[at]!)).toBe(Math.abs(other.v.data[at]!));
  });

  test('truncated, it errs by the values left out', () => {
    const a = randomMatrix(50, 30);
    const found = svd(a);
    const rest = recompose(truncate(found, 12)).data.reduce((sum, value, at) => sum + (value - a.data[at]!) ** 2, 0);
    const left = found.singular.slice(12).reduce((sum, value) => sum + value ** 2, 0);
    expect(rest).toBeCloseTo(left, 10);
    expect(truncate(found, 99)).toEqual(found);
  });

  test('takes numbers only', () => {
    expect(() => svd(fromRows([1, 2, 3], [4, 5, -Infinity]))).toThrow(new RangeError('svd: -Infinity at [1, 2]'));
  });
});
