import type { Feeds } from '../data-set.ts';

/** One output of a run, float16 decoded. */
export interface MetricOutput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

export interface MetricSample {
  readonly feeds: Feeds;
  /** those that the metric looks at; the first is the one that labels are for */
  readonly outputs: readonly MetricOutput[];
  /** the same outputs of the original; empty where they were not asked for */
  readonly reference: readonly MetricOutput[];
  /** of this sample; empty where the data has none */
  readonly labels: Int32Array | Float32Array;
}

export interface MetricResult {
  readonly value: number;
  /**
   * By sample; their mean is the value. Where a metric is no mean (F1, perplexity) they are its linearisation at the
   * measured value (delta method, infinitesimal jackknife), so that paired differences still bound it.
   */
  readonly scores: Float64Array;
}

/** Samples go in one by one; nothing but scores is kept. */
export interface MetricFold {
  /** @throws LccError LCC7027 where output and labels do not fit each other */
  add(sample: MetricSample): void;
  result(): MetricResult;
}

export interface Metric {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** a share of samples, of which 1 is best */
  readonly isShare?: true;
  readonly needs: 'classes' | 'values' | 'reference' | 'nothing';
  start(): MetricFold;
}

/** A metric that is the mean of its samples' scores. */
export const meanMetric = (facts: Omit<Metric, 'start'>, score: (sample: MetricSample) => number): Metric => ({
  ...facts,
  start: () => {
    const scores: number[] = [];
    return {
      add: (sample) => {
        scores.push(score(sample));
      },
      result: () => ({ value: meanOf(scores), scores: Float64Array.from(scores) }),
    };
  },
});

export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
};
