import { type DataSet, type Feeds, labelsOf } from './data/data-set.ts';
import type { CompressionOptions, LabelledSamples } from './ir/bundle.ts';

const most = { calibration: 2000, evaluation: 6000 };

/** Training data to calibrate on and validation data to evaluate on, for a build of what was trained on them. */
export function samplesOf(data: { readonly train: DataSet; readonly validation: DataSet }): CompressionOptions {
  const { train, validation } = data;
  const calibration = take(train, most.calibration);
  const evaluation = take(validation, most.evaluation);
  return 'labels' in calibration && 'labels' in evaluation ? { calibration, evaluation } : { calibration };
}

/** With the class of each, where the data has classes. */
function take(data: DataSet, count: number): LabelledSamples | readonly Feeds[] {
  const chosen = spread(data, count);
  const samples = chosen.map((i) => data.feedsOf(i));
  const { labels } = data;
  if (labels?.kind !== 'class' || labels.width !== 1) return samples;
  return { samples, labels: chosen.map((i) => labelsOf(labels, i)[0] ?? 0) };
}

/** Evenly, so that data sorted by class is not cut to its first classes. */
function spread({ size }: DataSet, count: number): number[] {
  const taken = Math.min(size, count);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * size) / taken));
}
