import { type Metric, meanMetric } from './metric.ts';

/** |y - reference| / |reference|, Euclidean; 0 where both are all zero, Infinity where only the reference is. */
export function relativeError(y: ArrayLike<number>, reference: ArrayLike<number>): number {
  let [error, size] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] ?? 0;
    error += ((y[i] ?? Number.NaN) - r) ** 2;
    size += r * r;
  }
  return error === 0 ? 0 : Math.sqrt(error / size);
}

/** Mean over samples of the relative error; of several outputs the largest counts. */
export const relativeErrorMetric: Metric = meanMetric(
  { name: 'relative-error', higherIsBetter: false, needs: 'reference' },
  ({ outputs, reference }) =>
    Math.max(...outputs.map(({ values }, i) => relativeError(values, reference[i]?.values ?? []))),
);
