import { bestClass, classRows } from './class-rows.ts';
import { type Metric, meanMetric, meanOf } from './metric.ts';

/** Share of positions of the first output whose highest class is the original's. */
export const agreement: Metric = meanMetric(
  { name: 'agreement', higherIsBetter: true, isShare: true, needs: 'reference' },
  ({ outputs, reference }) => {
    const [ours, theirs] = [outputs[0], reference[0]].map((output) => (output ? classRows(output).map(bestClass) : []));
    return meanOf((theirs ?? []).map((best, i) => (best >= 0 && best === ours?.[i] ? 1 : 0)));
  },
);
