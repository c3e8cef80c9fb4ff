import { outputDoesNotFit } from '../../diagnostics/metric.ts';
import { type Metric, type MetricSample, meanMetric } from './metric.ts';

const meanError = (name: string, error: (difference: number) => number): Metric =>
  meanMetric({ name, higherIsBetter: false, needs: 'values' }, ({ outputs, labels }: MetricSample) => {
    const { name: output = '', values = [] } = outputs[0] ?? {};
    if (values.length !== labels.length) {
      throw outputDoesNotFit(name, output, `${values.length} values`, `${labels.length}, as there are labels`);
    }
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += error((values[i] ?? Number.NaN) - (labels[i] ?? 0));
    return sum / values.length;
  });

/** Mean over samples of the mean over values of (y - label)^2. */
export const mse = meanError('mse', (difference) => difference * difference);
/** The same of |y - label|. */
export const mae = meanError('mae', Math.abs);
