import { bestClass, labelledRows } from './class-rows.ts';
import type { Metric, MetricResult } from './metric.ts';

interface Guess {
  readonly sample: number;
  readonly label: number;
  /** -1: none */
  readonly guess: number;
}

/** Macro F1: the mean over classes, seen in labels or guesses, of 2 TP / (2 TP + FP + FN). */
export const f1: Metric = {
  name: 'f1',
  higherIsBetter: true,
  isShare: true,
  needs: 'classes',
  start: () => {
    const guesses: Guess[] = [];
    let samples = 0;
    return {
      add: (sample) => {
        for (const row of labelledRows('f1', sample)) {
          guesses.push({ sample: samples, label: row.label, guess: bestClass(row) });
        }
        samples++;
      },
      result: () => macroF1(guesses, samples),
    };
  },
};

/**
 * F_c = N_c / S_c with N_c = 2 TP and S_c = labels + guesses of class c, both sums over samples;
 * score_i = F + samples / classes * sum_c (N_ci - F_c S_ci) / S_c.
 */
function macroF1(guesses: readonly Guess[], samples: number): MetricResult {
  const hits = new Map<number, number>();
  const seen = new Map<number, number>();
  const count = (map: Map<number, number>, c: number, by: number) => map.set(c, (map.get(c) ?? 0) + by);
  for (const { label, guess } of guesses) {
    count(seen, label, 1);
    if (guess >= 0) count(seen, guess, 1);
    if (guess === label) count(hits, label, 2);
  }
  const scoreOf = (c: number): number => (hits.get(c) ?? 0) / (seen.get(c) ?? 1);
  const value = [...seen.keys()].reduce((sum, c) => sum + scoreOf(c), 0) / seen.size;
  const scores = new Float64Array(samples).fill(value);
  const share = samples / seen.size;
  for (const { sample, label, guess } of guesses) {
    let change = -scoreOf(label) / (seen.get(label) ?? 1);
    if (guess >= 0) change -= scoreOf(guess) / (seen.get(guess) ?? 1);
    if (guess === label) change += 2 / (seen.get(label) ?? 1);
    scores[sample] = (scores[sample] ?? 0) + share * change;
  }
  return { value, scores };
}
