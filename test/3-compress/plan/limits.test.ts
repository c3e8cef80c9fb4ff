import { describe, expect, it } from 'vitest';
import type { Loss } from '../../../compiler/3-compress/plan/judge.ts';
import { bestOf, efficient, type Figures, isBetter, nearestOf } from '../../../compiler/3-compress/plan/limits.ts';
import type { Limits } from '../../../compiler/3-compress/plan/options.ts';

const none: Limits = { size: undefined, latency: undefined, memory: undefined, drop: undefined };
const bySize: Limits = { ...none, size: 1000 };

const lossOf = (error: number, bound?: number): Loss => ({
  error,
  metric:
    bound === undefined
      ? undefined
      : { name: 'top-1', samples: 3000, before: 0.99, after: 0.99 - bound / 2, drop: bound / 2, bound },
});
const figures = (weights: number, loss: Loss): Figures => ({
  size: { code: 100, weights, macs: 1, milliseconds: 1, memory: 1 },
  loss,
});

describe('what is better', () => {
  it('within a limit on size is what loses less', () => {
    expect(isBetter(figures(900, lossOf(0.1)), figures(500, lossOf(0.2)), bySize)).toBe(true);
  });

  it('within an allowed loss is what is smaller', () => {
    expect(isBetter(figures(500, lossOf(0.2)), figures(900, lossOf(0.1)), { ...none, drop: 0.3 })).toBe(true);
  });

  it('by a metric is what it drops less for, and of about equal drops what errs less', () => {
    const steady = figures(900, lossOf(0.2, 0.012));
    expect(isBetter(figures(900, lossOf(0.2, 0.008)), steady, bySize)).toBe(true);
    expect(isBetter(figures(900, lossOf(0.22, 0.002)), steady, bySize)).toBe(true);
    expect(isBetter(figures(900, lossOf(0.3, 0.011)), steady, bySize)).toBe(false);
  });
});

it('the best meets its limits, the nearest is least past them', () => {
  const [small, large, larger] = [figures(700, lossOf(0.3)), figures(950, lossOf(0.1)), figures(2000, lossOf(0))];
  expect(bestOf(bySize, [larger, large, small])).toBe(small);
  expect(bestOf({ ...bySize, drop: 0.2 }, [larger, large, small])).toBeUndefined();
  expect(nearestOf({ ...none, size: 500 }, [larger, large, small])).toBe(small);
});

it('efficient results are smallest first, none both larger and worse than another', () => {
  const all = [
    figures(900, lossOf(0.1)),
    figures(500, lossOf(0.2)),
    figures(950, lossOf(0.15)),
    figures(500, lossOf(0.3)),
  ];
  expect(efficient(all)).toEqual([all[1], all[0]]);
});
