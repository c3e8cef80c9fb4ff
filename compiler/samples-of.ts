import { type DataSet, labelsOf } from './data/data-set.ts';
import type { CompressionOptions } from './ir/bundle.ts';

const most = { calibration: 2000, evaluation: 6000 };

/** Training data to calibrate on and validation data to evaluate on, for a build of what was trained on them. */
export function samplesOf(data: { readonly train: DataSet; readonly validation: DataSet }): CompressionOptions {
  const { train, validation } = data;
  const calibration = spread(train, most.calibration).map((i) => train.feedsOf(i));
  const { labels } = validation;
  if (labels?.kind !== 'class' || labels.width !== 1) return { calibration };
  const chosen = spread(validation, most.evaluation);
  return {
    calibration,
    evaluation: {
      samples: chosen.map((i) => validation.feedsOf(i)),
      labels: chosen.map((i) => labelsOf(labels, i)[0] ?? 0),
    },
  };
}

/** Evenly, so that data sorted by class is not cut to its first classes. */
function spread({ size }: DataSet, count: number): number[] {
  const taken = Math.min(size, count);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * size) / taken));
}
