import type { DataSet } from '../../../../compiler/data/data-set.ts';
import type { Graph } from '../../../../compiler/ir/graph.ts';
import { weightsOf } from '../../compression/rank-arms.ts';
import {
  denseEpochs,
  makeFolded,
  makeNetwork,
  mostUnits,
  trainedPlainly,
  trainedWithFactors,
} from '../lorita-network.ts';
import type { Arm, Figures, Results, Study, StudyGoal } from '../study.ts';
import { meanOf } from '../summary.ts';
import { accuracyOf } from '../train-arm.ts';
import { type Truncated, truncateByPrice, truncatePlain, truncateWhitened } from '../truncate.ts';

const factorCounts = [1, 2, 3];

/** A way to choose singular vectors and ranks, and the percents of the weights that are kept by it. */
interface Truncation {
  readonly name: string;
  readonly kept: readonly number[];
  truncate(network: Graph, train: DataSet, share: number): Truncated;
}

const truncations: readonly Truncation[] = [
  { name: 'plain', kept: [20, 10], truncate: (network, _, share) => truncatePlain(network, share) },
  { name: 'whitened', kept: [20, 10, 6], truncate: truncateWhitened },
  { name: "lcc's own", kept: [20, 10, 6], truncate: truncateByPrice },
];

const figureOf = (name: string, percent: number): string => `${name}, ${percent} %`;

const narrowShare = 0.1;

const truncatedArm = (dense: string): Arm => ({
  name: `${dense}, truncated`,
  after: [dense],
  async run(context) {
    const network = await context.networkOf(dense);
    const data = await context.data.open(network);
    const figures: Record<string, number> = {};
    for (const { name, kept, truncate } of truncations)
      for (const percent of kept)
        figures[figureOf(name, percent)] = await accuracyOf(truncate(network, data.train, percent / 100).graph, data);
    return { figures };
  },
});

/** As many weights as are left at 10 %, in full layers, from the beginning. */
const narrow: Arm = {
  name: 'narrow network of 10 % of the weights, from scratch',
  async run(context) {
    const whole = weightsOf(makeFolded(context));
    const units = mostUnits(context, (folded) => weightsOf(folded) <= narrowShare * whole);
    return trainedPlainly(makeNetwork(context, units), context, denseEpochs);
  },
};

const denseArms = factorCounts.map(trainedWithFactors);
const percentColumn = (figure: string): Study['columns'][number] => ({
  figure,
  title: figure,
  print: (v) => `${v.toFixed(2)} %`,
});

/**
 * Plain and whitened ranks are by one threshold on the share of a layer's largest singular value, as the paper's; lcc's own
 * are by one price of a weight, and its components by what an error costs further on.
 */
export const loritaStudy: Study = {
  name: 'lorita',
  title: 'LoRITa: 784-256-256-256-10 with norms, trained as products of N and truncated, no retraining (papers.md 7.3)',
  runs: [
    { data: 'mnist', seeds: [1, 2, 3] },
    { data: 'fashion-mnist', seeds: [1] },
  ],
  arms: [...denseArms.flatMap((dense) => [dense, truncatedArm(dense.name)]), narrow],
  columns: [
    percentColumn('accuracy'),
    ...truncations.flatMap(({ name, kept }) => kept.map((percent) => percentColumn(figureOf(name, percent)))),
    { figure: 'parameters', title: 'parameters', print: (v) => String(Math.round(v)) },
  ],
  goals: loritaGoals,
};

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
