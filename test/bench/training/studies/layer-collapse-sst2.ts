import { models } from '../../../../compiler/2-train/models/index.ts';
import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { makeCollapseStudy } from '../collapse-study.ts';
import { tokensOf } from '../data.ts';
import { accuracy } from '../measure.ts';

export const layerCollapseSst2Study = makeCollapseStudy({
  name: 'layer-collapse-sst2',
  title: "LayerCollapse: mean of words' vectors of 64, two residual blocks of 256 hidden units, 2 (papers.md 7.6)",
  runs: [{ data: 'sst2', seeds: [1, 2, 3] }],
  measure: accuracy,
  makeDense(context) {
    const { vocabulary, length, classes } = tokensOf(context);
    const blocks = { blocks: 2, hidden: 256, activation: 'relu' } as const;
    return models.meanEmbedding({ vocabulary, length, classes, width: 64, ...blocks })(context.seed);
  },
  epochs: { dense: 2, collapse: 2 },
  batch: 64,
  optimiser: adam(),
  schedule: cosine(),
  collapse: { strength: 50, settles: false },
  parts: [{ name: '' }],
  bars: { leastAboveBlind: 1 },
  showsShares: true,
});
