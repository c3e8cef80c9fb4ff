import { models } from '../../../compiler/2-train/models/index.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { imagesOf } from './data.ts';
import type { ArmContext } from './study.ts';

/** Convolutions of `channels`, twice and four times as many, each with a pool behind it; a dense layer as wide as the last. */
export function makeCnn(context: ArmContext, channels: number, batchNorm: boolean): Graph {
  const { sizes: inputs, classes } = imagesOf(context);
  const widths = [channels, 2 * channels, 4 * channels];
  return models.cnn({ inputs, channels: widths, dense: [4 * channels], classes, batchNorm })(context.seed);
}

/** Three Transformer blocks on patches of 8 x 8 pixels. */
export function makeVit(context: ArmContext, { width, hidden }: { width: number; hidden: number }): Graph {
  const { sizes: inputs, classes } = imagesOf(context);
  return models.vit({ inputs, classes, patch: 8, width, depth: 3, heads: 2, hidden })(context.seed);
}
