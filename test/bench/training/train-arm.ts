import type { Augment } from '../../../compiler/2-train/augment.ts';
import { evaluateGraph } from '../../../compiler/2-train/evaluate.ts';
import { crossEntropy } from '../../../compiler/2-train/losses.ts';
import type { Method } from '../../../compiler/2-train/methods/method.ts';
import type { Optimiser } from '../../../compiler/2-train/optimisers/index.ts';
import type { Schedule } from '../../../compiler/2-train/schedules.ts';
import { type TrainedNetwork, trainNetwork } from '../../../compiler/2-train/train-network.ts';
import type { Metric } from '../../../compiler/data/metrics/metric.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { OpenStudyData } from './data.ts';
import type { ArmContext } from './study.ts';

export interface TrainingSettings {
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
  readonly epochs: number;
  readonly batch?: number;
  readonly methods?: readonly Method[];
  readonly augment?: readonly Augment[];
  /** measured on the validation data after each epoch; the share of right answers by default */
  readonly metric?: Metric;
}

/** A network trained by cross-entropy on the study's data; what the last epoch leaves. */
export const trainArm = (
  graph: Graph,
  { train, validation }: OpenStudyData,
  { seed, tell }: Pick<ArmContext, 'seed' | 'tell'>,
  { optimiser, schedule, epochs, batch = 128, methods = [], augment = [], metric = top1 }: TrainingSettings,
): Promise<TrainedNetwork> =>
  trainNetwork(
    {
      graph,
      train,
      validation,
      loss: crossEntropy(),
      output: 'logits',
      metric,
      optimiser,
      schedule,
      epochs,
      batch,
      seed,
      augment,
      methods,
      clipNorm: undefined,
      patience: undefined,
    },
    {
      onEpoch: ({ epoch, loss, validation: value, examplesPerSecond }) =>
        tell(
          `epoch ${epoch} of ${epochs}: loss ${loss.toFixed(4)}, ${value.toFixed(4)}, ${Math.round(examplesPerSecond)}/s`,
        ),
    },
  );

/** Share of the test samples that are classified rightly, in percent. */
export const accuracyOf = async (graph: Graph, { test }: OpenStudyData): Promise<number> =>
  100 * (await evaluateGraph(graph, test, top1));

export { countParameters as parametersOf } from '../../../compiler/ir/count-parameters.ts';
