import { bug } from '../diagnostics/internal.ts';
import { labelsMissing, outputDoesNotFit } from '../diagnostics/metric.ts';
import { decodeData } from '../tensor/convert.ts';
import { shapeOf } from '../tensor/shape.ts';
import { makeTensor } from '../tensor/tensor.ts';
import { type DataPort, type DataSet, type Feeds, labelsOf } from './data-set.ts';
import { requireClasses } from './labels.ts';
import type { Metric, MetricOutput, MetricResult } from './metrics/metric.ts';

export interface Measured {
  readonly data: DataSet;
  /** the model's outputs in its order */
  readonly outputs: readonly DataPort[];
  run(feeds: Feeds): Feeds | Promise<Feeds>;
  /** the original's outputs of sample i; needed by metrics that need a reference */
  referenceOf?(i: number): Feeds | Promise<Feeds>;
  /** the one output to look at; all of them by default, and the first for labels */
  readonly output?: string;
}

/**
 * Every metric over all samples, each of which runs once.
 * @throws LccError before any run: LCC7015 where labels are missing, LCC7013 where they are beyond the output's classes;
 * LCC7027 where output and metric do not fit
 */
export async function measureMetrics(metrics: readonly Metric[], measured: Measured): Promise<MetricResult[]> {
  const { data, outputs, run, referenceOf, output } = measured;
  const chosen = outputs.filter(({ name }) => output === undefined || name === output);
  for (const metric of metrics) requireWhatItNeeds(metric, measured, chosen[0]);
  const folds = metrics.map((metric) => metric.start());
  for (let i = 0; i < data.size; i++) {
    const feeds = data.feedsOf(i);
    const results = await run(feeds);
    const sample = {
      feeds,
      outputs: chosen.map((port) => outputOf(port, results)),
      reference: referenceOf ? await referencesOf(chosen, referenceOf(i)) : [],
      labels: data.labels ? labelsOf(data.labels, i) : new Int32Array(),
    };
    for (const fold of folds) fold.add(sample);
  }
  return folds.map((fold) => fold.result());
}

function requireWhatItNeeds(
  { name, needs }: Metric,
  { data, referenceOf }: Measured,
  port: DataPort | undefined,
): void {
  if (port === undefined) throw outputDoesNotFit(name, '', 'no output', 'an output of the model');
  switch (needs) {
    case 'classes':
      if (data.labels?.kind !== 'class') throw labelsMissing(data.name, name, 'class labels');
      requireClasses(data, port.shape.at(-1) ?? 1);
      return;
    case 'values':
      if (data.labels?.kind !== 'value')
        throw labelsMissing(data.name, name, 'labels that are quantities (labelType=value)');
      return;
    case 'reference':
      if (referenceOf === undefined) throw bug(`the metric ${name} was given no reference outputs`);
      return;
    case 'nothing':
      return;
    default:
      needs satisfies never;
  }
}

const referencesOf = async (ports: readonly DataPort[], results: Feeds | Promise<Feeds>): Promise<MetricOutput[]> => {
  const known = await results;
  return ports.map((port) => outputOf(port, known));
};

function outputOf({ name, dtype, shape }: DataPort, results: Feeds): MetricOutput {
  const data = results[name];
  if (data === undefined) throw bug(`a run gave no output "${name}"`);
  const values = decodeData(makeTensor(dtype, shapeOf(shape), data));
  const isWide = values instanceof BigInt64Array || values instanceof BigUint64Array;
  return { name, shape, values: isWide ? Float64Array.from(values, Number) : values };
}
