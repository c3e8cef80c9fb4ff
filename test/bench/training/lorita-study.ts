import type { DataSet } from '../../../compiler/data/data-set.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { weightsOf } from '../compression/rank-arms.ts';
import { type LoritaNetwork, mostUnits, trainedPlainly, trainedWithFactors } from './lorita-network.ts';
import type { Arm, Study } from './study.ts';
import { accuracyOf } from './train-arm.ts';
import { type Truncated, truncateByPrice, truncatePlain, truncateWhitened } from './truncate.ts';

export interface LoritaStudy extends Pick<Study, 'name' | 'title' | 'runs' | 'goals'> {
  readonly network: LoritaNetwork;
  /** of the products that layers are trained as, 1 among them */
  readonly factors: readonly number[];
}

/**
 * Plain and whitened ranks are by one threshold on the share of a layer's largest singular value, as the paper's; lcc's own
 * are by one price of a weight, and its components by what an error costs further on.
 */
export function makeLoritaStudy({ network, factors, ...study }: LoritaStudy): Study {
  const dense = factors.map((count) => trainedWithFactors(network, count));
  return {
    ...study,
    arms: [...dense.flatMap((arm) => [arm, truncatedArm(arm.name)]), narrowArm(network)],
    columns: [
      percentColumn('accuracy'),
      ...truncations.flatMap(({ name, kept }) => kept.map((percent) => percentColumn(figureOf(name, percent)))),
      { figure: 'parameters', title: 'parameters', print: (v) => String(Math.round(v)) },
    ],
  };
}

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

/** The figure of a truncation to that many percent of the weights. */
export const figureOf = (truncation: string, percent: number): string => `${truncation}, ${percent} %`;

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

const narrowShare = 0.1;

/** As many weights as are left at 10 %, in full layers, from the beginning. */
const narrowArm = (network: LoritaNetwork): Arm => ({
  name: 'narrow network of 10 % of the weights, from scratch',
  async run(context) {
    const whole = weightsOf(network.makeFolded(context, network.units));
    const units = mostUnits(network, context, (folded) => weightsOf(folded) <= narrowShare * whole);
    return trainedPlainly(network, units, context);
  },
});

const percentColumn = (figure: string): Study['columns'][number] => ({
  figure,
  title: figure,
  print: (v) => `${v.toFixed(2)} %`,
});
