import { outputDoesNotFit } from '../../diagnostics/metric.ts';
import { printNumberOf } from '../../quantity/count.ts';
import { ignoredLabel } from '../data-set.ts';
import type { MetricOutput, MetricSample } from './metric.ts';

/** Scores of the classes at one position: the output's last axis. `label` is undefined without labels. */
export interface ClassRow {
  readonly values: ArrayLike<number>;
  readonly start: number;
  readonly classes: number;
}

export interface LabelledRow extends ClassRow {
  readonly label: number;
}

export function classRows({ values, shape }: MetricOutput): ClassRow[] {
  const classes = shape.at(-1) ?? 1;
  return Array.from({ length: values.length / classes }, (_, row) => ({ values, start: row * classes, classes }));
}

/** Positions that have a label, with it. @throws LccError LCC7027 where there is not one label for each position */
export function labelledRows(metric: string, { outputs, labels }: MetricSample): LabelledRow[] {
  const rows = outputs[0] ? classRows(outputs[0]) : [];
  const classes = rows[0]?.classes ?? 0;
  if (rows.length !== labels.length || classes < 2) {
    const has = `${printNumberOf(rows.length, 'position')} of ${printNumberOf(classes, 'value')}`;
    const takes = `${printNumberOf(labels.length, 'position')}, as there are labels, of one value a class`;
    throw outputDoesNotFit(metric, outputs[0]?.name ?? '', has, takes);
  }
  return rows.flatMap((row, i) => {
    const label = labels[i] ?? ignoredLabel;
    return label === ignoredLabel ? [] : [{ ...row, label }];
  });
}

/** The class with the highest score, the first of equals; -1 where a score is NaN. */
export function bestClass({ values, start, classes }: ClassRow): number {
  let best = 0;
  for (let c = 0; c < classes; c++) {
    const value = values[start + c] ?? Number.NaN;
    if (Number.isNaN(value)) return -1;
    if (value > (values[start + best] ?? 0)) best = c;
  }
  return best;
}
