import { describe, expect, test } from 'vitest';
import { identity } from '../../compiler/linalg/matrix.ts';
import { transposedMultiply } from '../../compiler/linalg/multiply.ts';
import { randomisedSvd } from '../../compiler/linalg/randomised-svd.ts';
import { recompose, svd, truncate } from '../../compiler/linalg/svd.ts';
import { distance, fromRows, randomMatrix, withSingularValues } from './matrices.ts';

const squaredDistance = (a: { data: Float64Array }, b: { data: Float64Array }) =>
  a.data.reduce((sum, value, at) => sum + (value - b.data[at]!) ** 2, 0);

describe('randomised svd', () => {
  test.each([
    [200, 90],
    [90, 200],
  ])('finds a low rank whole, %d x %d', (m, n) => {
    const values = Float64Array.from({ length: 12 }, (_, i) => 1 / (1 + i));
    const a = withSingularValues(m, n, values);
    const found = randomisedSvd(a, 12);
    expect([found.u.columns, found.v.columns]).toEqual([12, 12]);
    for (let i = 0; i < 12; i++) expect(found.singular[i]).toBeCloseTo(values[i]!, 11);
    expect(distance(recompose(found), a)).toBeLessThan(1e-12);
    expect(distance(transposedMultiply(found.u, found.u), identity(12))).toBeLessThan(1e-13);
  });

  test('is near the best of its rank even on a flat spectrum, nearer with more passes', () => {
    const a = randomMatrix(160, 120);
    const best = squaredDistance(recompose(truncate(svd(a), 20)), a);
    const errors = [0, 2, 6].map((powerIterations) =>
      squaredDistance(recompose(randomisedSvd(a, 20, { powerIterations })), a),
    );
    expect(errors[0]).toBeGreaterThan(errors[1]!);
    expect(errors[1]).toBeGreaterThan(errors[2]!);
    expect(errors[2]).toBeGreaterThanOrEqual(best);
    expect(errors[1]! / best).toBeLessThan(1.05);
  });

  test('one seed, one result', () => {
    const a = randomMatrix(80, 70);
    expect(randomisedSvd(a, 5, { seed: 4 })).toEqual(randomisedSvd(a, 5, { seed: 4 }));
    expect(randomisedSvd(a, 5, { seed: 4 }).singular).not.toEqual(randomisedSvd(a, 5, { seed: 5 }).singular);
  });

  test('is the whole one where the sample would be', () => {
    const a = randomMatrix(40, 20);
    expect(randomisedSvd(a, 12)).toEqual(truncate(svd(a), 12));
    expect(randomisedSvd(a, 99)).toEqual(svd(a));
  });

  test('takes a rank and numbers', () => {
    expect(() => randomisedSvd(fromRows([1]), 0)).toThrow(new RangeError('randomisedSvd: rank 0'));
    expect(() => randomisedSvd(fromRows([Number.NaN]), 1)).toThrow(new RangeError('randomisedSvd: NaN at [0, 0]'));
  });
});
