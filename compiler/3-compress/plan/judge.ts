import type { DataSet } from '../../data/data-set.ts';
import { differenceBound } from '../../data/difference-bound.ts';
import { portsOf } from '../../data/graph-ports.ts';
import { measureMetrics } from '../../data/measure-metrics.ts';
import type { Metric, MetricResult } from '../../data/metrics/metric.ts';
import type { Graph } from '../../ir/graph.ts';
import type { MetricLoss } from '../../ir/report.ts';
import type { Feeds, MakeRunner, Runner } from '../../ir/trial.ts';
import { relativeError } from '../calibrate/relative-error.ts';

/** Samples that decide by a metric; no part of the calibration data, nor of what is reported in the end. */
export interface Validation {
  readonly data: DataSet;
  readonly metric: Metric;
}

/** What a changed model loses against the original, measured. */
export interface Loss {
  /** L2 error over the L2 variation between inputs, of the worst output, on calibration inputs that no statistics saw */
  readonly error: number;
  readonly metric: MetricLoss | undefined;
}

/** The figure that `--max-drop` limits. */
export const decisiveLoss = ({ error, metric }: Loss): number => metric?.bound ?? error;

/** How much an error of the outputs counts beside a metric, which on few samples is the less steady of the two. */
const errorShare = 0.05;

/** What is compared: where the metric sees little or no difference, the outputs' error decides. */
export const guidingLoss = (loss: Loss): number =>
  loss.metric ? decisiveLoss(loss) + errorShare * loss.error : loss.error;

export type Judge = (graph: Graph) => Promise<Loss>;

/** Runs the original once; each judgement runs the changed model over the same samples. */
export async function makeJudge(
  original: Graph,
  heldOut: readonly Feeds[],
  validation: Validation | undefined,
  makeRunner: MakeRunner,
): Promise<Judge> {
  const runner = makeRunner(original);
  const outputs = heldOut.map((feeds) => runner.run(feeds));
  const compare = validation && (await makeMetricComparison(original, validation, runner));
  return async (graph) => {
    const changed = makeRunner(graph);
    const squared = relativeError(
      outputs,
      heldOut.map((feeds) => changed.run(feeds)),
    );
    return { error: Math.sqrt(squared), metric: await compare?.(changed) };
  };
}

/** Measures the original's metric, then any runner's beside it. */
export async function makeMetricComparison(
  original: Graph,
  { data, metric }: Validation,
  runner: Runner,
): Promise<(changed: Runner) => Promise<MetricLoss>> {
  const ports = portsOf(original, original.outputs);
  const needsReference = metric.needs === 'reference';
  const measure = async (measured: Runner): Promise<MetricResult> => {
    const [result] = await measureMetrics([metric], {
      data,
      outputs: ports,
      run: (feeds) => measured.run(feeds),
      ...(needsReference && { referenceOf: (i: number) => runner.run(data.feedsOf(i)) }),
    });
    return result ?? { value: Number.NaN, scores: new Float64Array() };
  };
  const before = await measure(runner);
  return async (changed) => {
    const after = await measure(changed);
    const [better, worse] = metric.higherIsBetter ? [before, after] : [after, before];
    return {
      name: metric.name,
      samples: data.size,
      before: before.value,
      after: after.value,
      drop: better.value - worse.value,
      bound: differenceBound(better.scores, worse.scores).bound,
    };
  };
}
