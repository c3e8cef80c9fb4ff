import { type Metric, type MetricOutput, meanMetric } from './metric.ts';

/** x.y / (|x| |y|); 1 where both are all zero, 0 where one is. */
export function cosineOf(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i] ?? 0, y[i] ?? 0];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  if (xx === 0 || yy === 0) return xx === yy ? 1 : 0;
  return xy / (Math.sqrt(xx) * Math.sqrt(yy));
}

/** Similarity to the original's outputs; of several outputs the least similar counts. */
export const cosine: Metric = meanMetric(
  { name: 'cosine', higherIsBetter: true, needs: 'reference' },
  ({ outputs, reference }) => Math.min(...outputs.map((output, i) => cosineOf(output.values, valuesOf(reference[i])))),
);

const valuesOf = (output: MetricOutput | undefined): ArrayLike<number> => output?.values ?? [];
