import { models } from '../../../../compiler/2-train/models/index.ts';
import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { makeCollapseStudy } from '../collapse-study.ts';
import { imagesOf } from '../data.ts';
import { accuracy } from '../measure.ts';

/** Outputs of the first layer, between which the blocks are. */
const width = 128;

export const layerCollapseStudy = makeCollapseStudy({
  name: 'layer-collapse',
  title: 'LayerCollapse: 784-128, four residual blocks of 512 hidden units, 10 (papers.md 7.1)',
  runs: [
    { data: 'mnist', seeds: [1, 2, 3] },
    { data: 'fashion-mnist', seeds: [1] },
  ],
  measure: accuracy,
  makeDense(context) {
    const { sizes: inputs, classes } = imagesOf(context);
    return models.residualMlp({ inputs, width, blocks: 4, hidden: 512, classes, activation: 'relu' })(context.seed);
  },
  makeLeft(context) {
    const { sizes: inputs, classes } = imagesOf(context);
    return models.mlp({ inputs, hidden: [width], classes })(context.seed);
  },
  epochs: { dense: 10, collapse: 10 },
  batch: 128,
  optimiser: adam(),
  schedule: cosine(),
  collapse: { settles: false },
  parts: [{ name: '' }],
  bars: { mostBelowDense: 1, leastGone: 0.8 },
  showsShares: false,
});
