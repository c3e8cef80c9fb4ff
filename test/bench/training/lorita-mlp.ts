import { models } from '../../../compiler/2-train/models/index.ts';
import { sgd } from '../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../compiler/2-train/schedules.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { imagesOf } from './data.ts';
import type { LoritaNetwork } from './lorita-network.ts';
import type { ArmContext } from './study.ts';

function make(context: ArmContext, units: number, batchNorm: boolean): Graph {
  const { sizes: inputs, classes } = imagesOf(context);
  return models.mlp({ inputs, hidden: [units, units, units], classes, batchNorm })(context.seed);
}

/** 784, three hidden layers of as many units, 10; a norm and ReLU behind each hidden layer. */
export const loritaMlp: LoritaNetwork = {
  units: 256,
  make: (context, units) => make(context, units, true),
  makeFolded: (context, units) => make(context, units, false),
  training: {
    optimiser: sgd({ rate: 0.02, momentum: 0.9, weightDecay: 1e-3 }),
    schedule: cosine(),
    epochs: 10,
  },
};
