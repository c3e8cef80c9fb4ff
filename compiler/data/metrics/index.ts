import { metricUnknown } from '../../diagnostics/metric.ts';
import type { DataSet } from '../data-set.ts';
import { isModuleName } from '../user-module.ts';
import { agreement } from './agreement.ts';
import { cosine } from './cosine.ts';
import { f1 } from './f1.ts';
import type { Metric } from './metric.ts';
import { perplexity, perplexityOfProbabilities } from './perplexity.ts';
import { mae, mse } from './regression.ts';
import { relativeErrorMetric } from './relative-error.ts';
import { top1, top5 } from './top-k.ts';
import { openUserMetric } from './user-metric.ts';

export const metrics: readonly Metric[] = [
  top1,
  top5,
  f1,
  mse,
  mae,
  perplexity,
  perplexityOfProbabilities,
  cosine,
  agreement,
  relativeErrorMetric,
];

/** What data with such labels is measured by where nobody says otherwise: top-1 of classes. */
export const defaultMetric = ({ labels }: Pick<DataSet, 'labels'>): string => {
  if (!labels) return relativeErrorMetric.name;
  return labels.kind === 'class' ? top1.name : mse.name;
};

/** A metric by its name, or the user's own from a module. @throws LccError LCC7026, LCC7025 */
export async function openMetric(name: string): Promise<Metric> {
  const known = metrics.find((metric) => metric.name === name);
  if (known !== undefined) return known;
  if (isModuleName(name)) return openUserMetric(name);
  throw metricUnknown(
    name,
    metrics.map((metric) => metric.name),
  );
}
