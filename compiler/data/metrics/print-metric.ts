import { printShare } from '../../quantity/share.ts';
import { metrics } from './index.ts';

/** Names of the metrics that are shares of the samples. */
export const shareMetrics: readonly string[] = metrics.filter(({ isShare }) => isShare).map(({ name }) => name);

/** A value, or a difference of values, of a metric by its name: `98.31 %` of a share, `6.39` of anything else. */
export const printMetric = (name: string, value: number): string =>
  shareMetrics.includes(name) ? printShare(value) : String(Number(value.toPrecision(4)));
