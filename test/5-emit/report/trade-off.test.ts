import { expect, test } from 'vitest';
import { printTradeOff } from '../../../compiler/5-emit/report/trade-off.ts';

const outcome = (size: number, error: number, metric: number) => ({
  size,
  macs: 1000,
  milliseconds: size / 1000,
  error,
  metric,
});

/** Numbers of the labels of the vertical axis of a plot, by its title. */
const labelsOf = (name: string, best: number) => {
  const before = outcome(4000, 0, best);
  const { html: page } = printTradeOff({
    limits: {},
    attempts: 2,
    before,
    steps: [{ ...outcome(2000, 2.6, 0.9 * best), pass: 'quantize-weights', actions: 1 }],
    actions: [],
    tradeOff: [outcome(2000, 2.6, 0.9 * best), outcome(3000, 0.5, best)],
    metric: { name, samples: 10, before: best, after: 0.9 * best, drop: 0, bound: 0 },
  });
  return (title: string): number[] => {
    const plot = page.slice(page.indexOf(`<figcaption>${title}`), page.indexOf('</figure>', page.indexOf(title)));
    return [...plot.matchAll(/<text x="-6"[^>]*>([\d.]+)/g)].map(([, label]) => Number(label));
  };
};

test('axes of shares end at 100 %, those of other figures beyond what was measured', () => {
  const share = labelsOf('top-1', 1)('top-1 by download');
  expect(Math.max(...share)).toBe(100);
  expect(Math.min(...share)).toBeLessThan(95);
  expect(Math.max(...labelsOf('perplexity', 6)('perplexity by download'))).toBeGreaterThan(5.9);
  expect(Math.max(...labelsOf('top-1', 1)('relative error by download'))).toBeGreaterThan(100);
});
