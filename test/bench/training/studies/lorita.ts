import { loritaMlp } from '../lorita-mlp.ts';
import { figureOf, makeLoritaStudy } from '../lorita-study.ts';
import type { Figures, Results, StudyGoal } from '../study.ts';
import { meanOf } from '../summary.ts';

export const loritaStudy = makeLoritaStudy({
  name: 'lorita',
  title: 'LoRITa: 784-256-256-256-10 with norms, trained as products of N and truncated, no retraining (papers.md 7.3)',
  runs: [
    { data: 'mnist', seeds: [1, 2, 3] },
    { data: 'fashion-mnist', seeds: [1] },
  ],
  network: loritaMlp,
  factors: [1, 2, 3],
  goals: loritaGoals,
});

function loritaGoals(results: Results): readonly StudyGoal[] {
  const of = (arm: string): readonly Figures[] => results.get(arm) ?? [];
  const [dense, most, least] = [of('N = 3'), of('N = 3, truncated'), of('N = 1, truncated')];
  if ([dense, most, least].some((all) => all.length === 0)) return [];
  const mean = (all: readonly Figures[], figure: string): number => meanOf(all.map((one) => Number(one[figure])));
  const below = mean(dense, 'accuracy') - mean(most, figureOf('plain', 20));
  const aboveBy = (name: string): number => mean(most, figureOf(name, 10)) - mean(least, figureOf(name, 10));
  const above = aboveBy('whitened');
  return [
    {
      goal: 'N = 3: plain SVD to 20 % of the weights at most 2.5 points below the dense network',
      measured: below.toFixed(2),
      isMet: below <= 2.5,
    },
    {
      goal: 'whitened to 10 % of the weights N = 3 at least 2 points above N = 1',
      measured: `${above.toFixed(2)} (by lcc's own truncation ${aboveBy("lcc's own").toFixed(2)})`,
      isMet: above >= 2,
    },
  ];
}
