import { type LabelledRow, labelledRows } from './class-rows.ts';
import { type Metric, meanMetric, meanOf } from './metric.ts';

/** Share of positions whose label is among the k highest scores; of equal scores the first class is higher. */
const topK = (k: number): Metric => {
  const name = `top-${k}`;
  return meanMetric({ name, higherIsBetter: true, isShare: true, needs: 'classes' }, (sample) =>
    meanOf(labelledRows(name, sample).map((row) => (isAmong(row, k) ? 1 : 0))),
  );
};

/** NaN is higher than everything: a broken output must not be right by luck. */
function isAmong({ values, start, classes, label }: LabelledRow, k: number): boolean {
  const own = values[start + label] ?? Number.NaN;
  let higher = 0;
  for (let c = 0; c < classes; c++) {
    const other = values[start + c] ?? 0;
    if (c !== label && !(other < own || (other === own && c > label))) higher++;
  }
  return higher < k && !Number.isNaN(own);
}

export const top1 = topK(1);
export const top5 = topK(5);
