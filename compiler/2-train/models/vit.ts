import { glorotUniform, normal, truncatedNormal } from './initial.ts';
import type { ImageSizes, MakeModel } from './make-model.ts';
import { Network } from './network.ts';
import { embedPatches } from './patches.ts';
import { addPositions } from './positions.ts';
import { requirePatches, requireSizes } from './require-options.ts';
import { requireTransformer, type TransformerSizes, transformer } from './transformer.ts';

export interface VitOptions extends Partial<TransformerSizes> {
  /** [C, H, W] of `image` [1, C, H, W] */
  readonly inputs?: ImageSizes;
  /** pixels of a patch's side, which divides H and W */
  readonly patch?: number;
  readonly classes?: number;
}

/**
 * The Vision Transformer of Dosovitskiy et al. 2020 without a class token: patches and positions [1, T, width] ->
 * pre-norm blocks -> layerNorm -> mean over the tokens -> linear: logits [1, classes]. Weights are Glorot's, positions
 * normal 0.02, the head truncated normal 0.02 (DeiT: theirs starts at 0). LCC8001.
 */
export function vit(options: VitOptions = {}): MakeModel {
  const { inputs = [3, 32, 32], patch = 4, classes = 10 } = options;
  const { width = 64, depth = 4, heads = 4, hidden = 128 } = options;
  requirePatches('vit', inputs, patch);
  requireSizes('vit', { classes });
  requireTransformer('vit', { width, depth, heads, hidden });
  return (seed) => {
    const net = new Network('vit', seed);
    const tokens = addPositions(net, embedPatches(net, inputs, patch, width), normal(0.02));
    const mixed = transformer(net, tokens, { width, depth, heads, hidden, norm: 'pre', initial: glorotUniform });
    const mean = net.meanOverTokens('mean', net.layerNorm('norm', mixed));
    return net.finish(net.linear('head', mean, classes, { initial: truncatedNormal(0.02) }));
  };
}
