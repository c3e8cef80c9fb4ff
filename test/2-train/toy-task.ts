import { crossEntropy } from '../../compiler/2-train/losses.ts';
import { models } from '../../compiler/2-train/models/index.ts';
import { adam } from '../../compiler/2-train/optimisers/index.ts';
import { constantRate } from '../../compiler/2-train/schedules.ts';
import type { TrainingTask } from '../../compiler/2-train/train-network.ts';
import type { DataSet } from '../../compiler/data/data-set.ts';
import { top1 } from '../../compiler/data/metrics/top-k.ts';
import { spirals } from './toy-data.ts';

/** A task whose data to validate on is there. */
export type ValidatedTask = TrainingTask & { readonly validation: DataSet };

/** Two spirals and a small network, a second's work. */
export const toyTask = (changes: Partial<ValidatedTask> = {}): ValidatedTask => ({
  graph: models.mlp({ inputs: 2, hidden: [24, 24], classes: 2 })(1),
  train: spirals(400, 1),
  validation: spirals(200, 2),
  loss: crossEntropy(),
  output: 'logits',
  metric: top1,
  optimiser: adam({ rate: 0.01 }),
  schedule: constantRate(),
  epochs: 30,
  batch: 40,
  seed: 1,
  augment: [],
  methods: [],
  clipNorm: undefined,
  patience: undefined,
  ...changes,
});
