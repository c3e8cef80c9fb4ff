import { models } from '../../../../compiler/2-train/models/index.ts';
import { adamW } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { makeCollapseStudy } from '../collapse-study.ts';
import { tokensOf } from '../data.ts';
import { tokenPerplexity } from '../measure.ts';

export const layerCollapseShakespeareStudy = makeCollapseStudy({
  name: 'layer-collapse-shakespeare',
  title: 'LayerCollapse: GPT of characters, two blocks, 128 wide, MLPs of 512 hidden units (papers.md 7.7)',
  runs: [{ data: 'tinyshakespeare', seeds: [1] }],
  measure: tokenPerplexity,
  makeDense(context) {
    const { vocabulary, length } = tokensOf(context);
    return models.gpt({ vocabulary, length, depth: 2, heads: 4, width: 128 })(context.seed);
  },
  epochs: { dense: 2, collapse: 1 },
  batch: 12,
  optimiser: adamW({ weightDecay: 0.1, beta2: 0.99 }),
  schedule: cosine({ warmUp: 0.05 }),
  collapse: { strength: 50, settles: false },
  parts: [{ name: 'both blocks' }, { name: 'last block', blocks: 1 }],
  bars: {},
  showsShares: true,
});
