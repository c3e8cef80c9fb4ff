import { type ClassRow, type LabelledRow, labelledRows } from './class-rows.ts';
import { type Metric, type MetricResult, meanOf } from './metric.ts';

/** Log-probabilities are logits whose softmax they are: both are read alike. */
export interface PerplexityOptions {
  readonly from: 'logits' | 'log-probabilities' | 'probabilities';
}

/** exp of the mean, over all labelled positions, of -ln p(label). */
export function makePerplexity({ from }: PerplexityOptions): Metric {
  const name = from === 'probabilities' ? 'perplexity-of-probabilities' : 'perplexity';
  const lossOf = from === 'probabilities' ? probabilityLoss : logitLoss;
  return {
    name,
    higherIsBetter: false,
    needs: 'classes',
    start: () => {
      const losses: number[] = [];
      const counts: number[] = [];
      return {
        add: (sample) => {
          const rows = labelledRows(name, sample);
          losses.push(rows.reduce((sum, row) => sum + lossOf(row), 0));
          counts.push(rows.length);
        },
        result: () => fromLosses(losses, counts),
      };
    },
  };
}

export const perplexity = makePerplexity({ from: 'logits' });
export const perplexityOfProbabilities = makePerplexity({ from: 'probabilities' });

function probabilityLoss({ values, start, label }: LabelledRow): number {
  return -Math.log(values[start + label] ?? 0);
}

/** ln sum_c exp(z_c) - z_label. */
function logitLoss(row: LabelledRow): number {
  return logSumExp(row) - (row.values[row.start + row.label] ?? Number.NaN);
}

function logSumExp({ values, start, classes }: ClassRow): number {
  let highest = -Infinity;
  for (let c = 0; c < classes; c++) highest = Math.max(highest, values[start + c] ?? 0);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp((values[start + c] ?? 0) - highest);
  return highest + Math.log(sum);
}

/** P = exp(L / T), L = sum of losses, T of positions; score_i = P (1 + samples / T * (L_i - T_i ln P)). */
function fromLosses(losses: readonly number[], counts: readonly number[]): MetricResult {
  const each = meanOf(losses) / meanOf(counts);
  const value = Math.exp(each);
  const scores = Float64Array.from(
    losses,
    (loss, i) => value * (1 + (loss - (counts[i] ?? 0) * each) / meanOf(counts)),
  );
  return { value, scores };
}
