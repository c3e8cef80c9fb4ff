import { models } from '../../../../compiler/2-train/models/index.ts';
import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { imagesOf } from '../data.ts';
import { accuracyAt, makeDropoutStudy } from '../dropout-study.ts';
import type { Figures, Results, StudyGoal } from '../study.ts';
import { meanOf } from '../summary.ts';

const whole = 256;

export const structuralDropoutStudy = makeDropoutStudy({
  name: 'structural-dropout',
  title:
    'Structural Dropout: 784-256-256-10, both hidden layers cut to their first units, no retraining (papers.md 7.2)',
  runs: [
    { data: 'mnist', seeds: [1, 2, 3] },
    { data: 'fashion-mnist', seeds: [1] },
  ],
  make(context, width) {
    const { sizes: inputs, classes } = imagesOf(context);
    return models.mlp({ inputs, hidden: [width, width], classes })(context.seed);
  },
  widths: [16, 32, 64, 128, whole],
  whole,
  training: { optimiser: adam({ rate: 8e-4 }), schedule: cosine(), epochs: 12 },
  hasScaling: true,
  goals: dropoutGoals,
});

function dropoutGoals(results: Results): readonly StudyGoal[] {
  const [ordinary, family] = [results.get('plain') ?? [], results.get('structural dropout') ?? []];
  if (ordinary.length === 0 || family.length === 0) return [];
  const mean = (all: readonly Figures[], width: number): number =>
    meanOf(all.map((one) => Number(one[accuracyAt(width)])));
  const lost = mean(family, whole) - mean(family, whole / 4);
  const below = mean(ordinary, whole) - mean(family, whole);
  return [
    {
      goal: 'at a quarter of the width at most 1.5 points below its full width',
      measured: lost.toFixed(2),
      isMet: lost <= 1.5,
    },
    { goal: 'full width at most 1.2 points below plain', measured: below.toFixed(2), isMet: below <= 1.2 },
  ];
}
