import { flip, shift } from '../../../../compiler/2-train/augment.ts';
import { models } from '../../../../compiler/2-train/models/index.ts';
import { adamW } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { makeCollapseStudy } from '../collapse-study.ts';
import { imagesOf } from '../data.ts';
import { accuracy } from '../measure.ts';

/** Transformer blocks, each with one MLP. */
const depth = 4;

export const layerCollapseVitStudy = makeCollapseStudy({
  name: 'layer-collapse-vit',
  title: 'LayerCollapse: Vision Transformer, patches of 8 pixels, four blocks, 64 wide, MLPs of 256 hidden units',
  runs: [{ data: 'cifar10', seeds: [1] }],
  measure: accuracy,
  makeDense(context) {
    const { sizes: inputs, classes } = imagesOf(context);
    return models.vit({ inputs, classes, patch: 8, width: 64, depth, heads: 4, hidden: 256 })(context.seed);
  },
  epochs: { dense: 20, collapse: 8 },
  batch: 64,
  optimiser: adamW({ rate: 2e-3, weightDecay: 0.05 }),
  schedule: cosine({ warmUp: 0.1 }),
  augment: [flip(), shift({ most: 2 })],
  collapse: { strength: 50, settles: false },
  parts: [{ name: 'all blocks' }, { name: 'last half', blocks: depth / 2 }],
  bars: {},
  showsShares: true,
});
