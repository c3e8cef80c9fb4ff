import { basename } from 'node:path';
import { metricInvalid } from '../../diagnostics/metric.ts';
import type { Feeds } from '../data-set.ts';
import { reasonOf } from '../read-source.ts';
import { importDefault } from '../user-module.ts';
import { type Metric, type MetricOutput, type MetricSample, meanMetric } from './metric.ts';

export type OutputValues = Readonly<Record<string, ArrayLike<number>>>;

/** The score of one sample. float16 outputs come decoded. */
export type ScoreFunction = (
  outputs: OutputValues,
  sample: { readonly feeds: Feeds; readonly labels: Int32Array | Float32Array; readonly reference: OutputValues },
) => number;

/** What a metric module exports by default: this, or the function alone, of which higher is better. */
export interface UserMetric {
  readonly name?: string;
  readonly higherIsBetter?: boolean;
  readonly needs?: Metric['needs'];
  readonly score: ScoreFunction;
}

const needs = ['classes', 'values', 'reference', 'nothing'] as const;

/** @throws LccError LCC7025 */
export async function openUserMetric(file: string): Promise<Metric> {
  const given = await importDefault(file).catch((error: unknown) => {
    throw metricInvalid(file, reasonOf(error));
  });
  const user: unknown = typeof given === 'function' ? { score: given } : given;
  if (!isUserMetric(user)) throw metricInvalid(file, 'its default export is no function and has none named score');
  const { name = basename(file).replace(/\.\w+$/, ''), higherIsBetter = true, needs: wants = 'nothing' } = user;
  if (!needs.includes(wants)) throw metricInvalid(file, `needs is one of ${needs.join(', ')}`);
  return meanMetric({ name, higherIsBetter, needs: wants }, (sample) => scoreOf(user, sample, file));
}

const isUserMetric = (value: unknown): value is UserMetric =>
  typeof value === 'object' && value !== null && 'score' in value && typeof value.score === 'function';

function scoreOf(user: UserMetric, { feeds, labels, outputs, reference }: MetricSample, file: string): number {
  let score: unknown;
  try {
    score = user.score(byName(outputs), { feeds, labels, reference: byName(reference) });
  } catch (error) {
    throw metricInvalid(file, reasonOf(error));
  }
  if (typeof score !== 'number') throw metricInvalid(file, `it gave ${typeof score}, not a number`);
  return score;
}

const byName = (outputs: readonly MetricOutput[]): OutputValues =>
  Object.fromEntries(outputs.map(({ name, values }) => [name, values]));
