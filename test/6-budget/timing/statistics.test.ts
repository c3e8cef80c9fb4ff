import { describe, expect, test } from 'vitest';
import type { Round } from '../../../compiler/6-budget/timing/page.ts';
import { quantile, quantileOf, sampleRounds } from '../../../compiler/6-budget/timing/statistics.ts';

/** Numbers from 0 to 1, the same each time. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const round = (ms: number, float = 1e10): Round => ({ ms, float, integer: 2e10, compile: 0 });

describe('quantiles', () => {
  test('by nearest rank', () => {
    expect([0, 0.5, 0.9, 1].map((q) => quantile([3, 1, 2, 5, 4], q))).toEqual([1, 3, 5, 5]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('the interval of the median covers the true median of 95 % of experiments, or nearly', () => {
    const random = makeRandom(1);
    const covered = Array.from({ length: 60 }, () => {
      const pages = [0, 1, 2].map(() => Array.from({ length: 100 }, () => round(1 + random())));
      const { interval } = quantileOf(sampleRounds(pages).blocks, 0.5);
      return interval[0] <= 1.5 && 1.5 <= interval[1];
    });
    expect(covered.filter(Boolean).length).toBeGreaterThan(51);
  });

  test('noise that lasts makes the interval wider than the same noise shuffled', () => {
    const random = makeRandom(2);
    const waves = Array.from({ length: 300 }, (_, i) => round(1 + 0.2 * Math.sign(Math.sin(i / 12)) + 0.01 * random()));
    const shuffled = waves.map((one) => [random(), one] as const).sort(([a], [b]) => a - b);
    const width = (rounds: readonly Round[]): number => {
      const [low, high] = quantileOf(sampleRounds([rounds]).blocks, 0.7).interval;
      return high - low;
    };
    expect(width(waves)).toBeGreaterThan(width(shuffled.map(([, one]) => one)));
  });

  test('the same each time', () => {
    const random = makeRandom(3);
    const { blocks } = sampleRounds([Array.from({ length: 50 }, () => round(random()))]);
    expect(quantileOf(blocks, 0.95)).toEqual(quantileOf(blocks, 0.95));
  });
});

describe('rounds', () => {
  const calm = Array.from({ length: 30 }, () => round(1));
  const slowed = Array.from({ length: 10 }, () => round(3, 5e9));

  test('blocks beside which the calibration kernel was slowed are set aside', () => {
    const sampled = sampleRounds([[...calm, ...slowed]]);
    expect(sampled).toMatchObject({
      disturbed: 0.25,
      isBusy: false,
      best: 1e10,
      usual: 1e10,
      rates: { float: 1e10, integer: 2e10 },
    });
    expect(sampled.blocks.flat().every(({ ms }) => ms === 1)).toBe(true);
  });

  test('a slow bundle alone disturbs nothing', () => {
    const slowBundle = Array.from({ length: 10 }, () => round(3));
    expect(sampleRounds([[...calm, ...slowBundle]])).toMatchObject({ disturbed: 0, isBusy: false });
  });

  test('with most of them slowed the machine is busy, and all count', () => {
    const sampled = sampleRounds([[...calm.slice(0, 10), ...slowed, ...slowed]]);
    expect(sampled).toMatchObject({ isBusy: true, best: 1e10, usual: 5e9, rates: { float: 1e10 } });
    expect(sampled.disturbed).toBeCloseTo(2 / 3);
    expect(sampled.blocks.flat().length).toBe(30);
  });

  test('rates are those of the best tenth, as profiles have them', () => {
    const rounds = Array.from({ length: 10 }, (_, i) => round(1, 1e9 * (i + 1)));
    const { usual, rates } = sampleRounds([rounds]);
    expect([usual, rates.float]).toEqual([6e9, 1e10]);
  });

  test('blocks never span pages, and rounds left over join the last', () => {
    const lengths = sampleRounds([calm.slice(0, 25), calm.slice(0, 3)]).blocks.map((block) => block.length);
    expect(lengths).toEqual([10, 15, 3]);
  });
});
