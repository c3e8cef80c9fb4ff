import { describe, expect, test } from 'vitest';
import { differenceBound } from '../../compiler/data/difference-bound.ts';
import { makeRandom } from '../harness/random.ts';

/** 0/1 scores of n samples of which the candidate gets `worse` wrong that the original has right, and `better` the reverse. */
function scores(worse: number, better: number, n: number) {
  const a = Float64Array.from({ length: n }, (_, i) => (i < worse || i >= worse + better ? 1 : 0));
  const b = Float64Array.from({ length: n }, (_, i) => (i < worse ? 0 : 1));
  return [a, b] as const;
}

describe('scores of 0 and 1', () => {
  // From scipy 1.17: the same statistic, its restricted likelihood maximised numerically.
  test.each([
    [12, 2, 50, 0.2927558],
    [5, 3, 1000, 0.0061279],
    [20, 31, 500, -0.0037516],
    [1, 1, 20, 0.1130117],
  ])('%i worse, %i better of %i: the score interval', (worse, better, n, bound) => {
    const result = differenceBound(...scores(worse, better, n));
    expect(result.method).toBe('paired shares');
    expect(result.mean).toBeCloseTo((worse - better) / n, 12);
    expect(result.bound).toBeCloseTo(bound, 6);
  });

  // From scipy.stats.beta.ppf(0.9, worse + 1, n - worse).
  test.each([
    [0, 1000, 0.0022999362],
    [5, 1000, 0.0092548581],
    [3, 20, 0.3041868114],
  ])('%i worse, none better of %i: the exact bound', (worse, n, bound) => {
    expect(differenceBound(...scores(worse, 0, n)).bound).toBeCloseTo(bound, 9);
  });

  test('the edges', () => {
    expect(differenceBound(...scores(20, 0, 20)).bound).toBe(1);
    expect(differenceBound(...scores(0, 20, 20)).bound).toBeLessThan(-0.8);
    expect(differenceBound([], []).bound).toBe(Infinity);
    expect(() => differenceBound([1], [1, 0])).toThrow(RangeError);
  });

  test.each([
    [0.01, 0.005, 1000],
    [0.003, 0, 2000],
    [0.05, 0.05, 300],
    [0.2, 0.1, 100],
  ])('shares %f and %f of %i samples: the bound holds in nine draws of ten', (worse, better, n) => {
    const random = makeRandom(7);
    let holds = 0;
    const draws = 1000;
    for (let draw = 0; draw < draws; draw++) {
      const counts = [0, 0];
      for (let i = 0; i < n; i++) {
        const u = random.real();
        if (u < worse) counts[0]!++;
        else if (u < worse + better) counts[1]!++;
      }
      if (differenceBound(...scores(counts[0]!, counts[1]!, n)).bound >= worse - better) holds++;
    }
    // 0.9 less three standard errors of the draws.
    expect(holds / draws).toBeGreaterThan(0.87);
    expect(holds / draws).toBeLessThan(0.97);
  });
});

describe('other scores', () => {
  test('mean and standard error', () => {
    const result = differenceBound([0.5, 1, 1.5, 2], [0, 0, 0, 0]);
    expect(result.method).toBe('normal');
    expect(result.mean).toBe(1.25);
    expect(result.bound).toBeCloseTo(1.25 + (1.2815515655446004 * Math.sqrt(5 / 12)) / 2, 12);
  });

  test('no difference has no doubt; one sample, or one that is not finite, says nothing', () => {
    expect(differenceBound([0.3, 0.7], [0.3, 0.7])).toEqual({ mean: 0, bound: 0, method: 'normal' });
    expect(differenceBound([0.3], [0.2]).bound).toBe(Infinity);
    expect(differenceBound([0.3, 0.2], [Number.NaN, 0.2]).bound).toBe(Infinity);
    expect(differenceBound([0.3, 0.2], [-Infinity, 0.2]).bound).toBe(Infinity);
  });
});
