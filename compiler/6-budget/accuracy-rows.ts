import { shareMetrics } from '../data/metrics/print-metric.ts';
import { type CheckRow, makeRow } from './check-result.ts';
import type { Limit } from './parse-budget.ts';
import type { FoundManifest } from './read-bundle.ts';

/** A metric of the bundle on data with labels. */
export interface Accuracy {
  readonly name: string;
  readonly value: number;
}

/**
 * Accuracy as it is measured now or was by the build, and what compression lost by the build's measurement, on all of the
 * evaluation data. What was not compressed lost nothing: the build proved that it computes what the model file computes.
 */
export function makeAccuracyRows(
  manifest: FoundManifest,
  limits: readonly Limit[],
  measured: Accuracy | undefined,
): CheckRow[] {
  const recorded = recordedMetric(manifest);
  const accuracy = measured ?? (recorded && { name: recorded.name, value: recorded.after });
  const drop = manifest.compression ? recorded && settled(recorded.before - recorded.after) : 0;
  const isTold = manifest.compression !== undefined || limits.some(({ measure }) => measure === 'drop');
  return [
    accuracyRow('accuracy', accuracy?.name, accuracy?.value, limits),
    isTold ? accuracyRow('drop', recorded?.name, drop, limits) : [],
  ].flat();
}

function accuracyRow(
  measure: 'accuracy' | 'drop',
  metric: string | undefined,
  actual: number | undefined,
  limits: readonly Limit[],
): CheckRow[] {
  const own = limits.filter((limit) => limit.measure === measure).map(({ limit }) => limit);
  const limit = own.length === 0 ? undefined : measure === 'accuracy' ? Math.max(...own) : Math.min(...own);
  const isShare = metric === undefined || shareMetrics.includes(metric);
  if (actual !== undefined && isShare) return [makeRow({ measure }, { actual, ...(limit !== undefined && { limit }) })];
  if (limit === undefined) return [];
  const reason = isShare
    ? `nothing is known of it: ${remedies[measure]}`
    : `the metric is ${metric}, which is no share of the samples: limit what ${shareMetrics.join(', ')} measure`;
  return [makeRow({ measure }, { limit, reason })];
}

const remedies = {
  accuracy: 'name data with labels by --evaluation, or build with it',
  drop: 'build with --evaluation, so that the loss is measured',
};

/** Of both halves of the evaluation data: the one that decided and the one that was only reported on. */
function recordedMetric({ compression }: FoundManifest) {
  const { metric } = compression ?? {};
  if (!metric) return undefined;
  const { name, samples, before, after, reported } = metric;
  if (!reported) return { name, before, after };
  const mean = (first: number, second: number): number =>
    settled((samples * first + reported.samples * second) / (samples + reported.samples));
  return { name, before: mean(before, reported.before), after: mean(after, reported.after) };
}

/** Without what arithmetic left behind the twelfth digit: 0.98 - 0.97 is no more than 1 %. */
const settled = (share: number): number => Number(share.toFixed(12));
