import type { ValueId } from '../../ir/graph.ts';
import { lecunNormal, truncatedNormal } from './initial.ts';
import type { ImageSizes, MakeModel } from './make-model.ts';
import { Network } from './network.ts';
import { embedPatches } from './patches.ts';
import { requireCount, requirePatches, requireSizes } from './require-options.ts';
import { feedForward } from './transformer.ts';

export interface MixerOptions {
  /** [C, H, W] of `image` [1, C, H, W] */
  readonly inputs?: ImageSizes;
  /** pixels of a patch's side, which divides H and W */
  readonly patch?: number;
  readonly width?: number;
  /** blocks */
  readonly depth?: number;
  /** units of the network across the tokens */
  readonly tokenHidden?: number;
  /** units of the network across the channels */
  readonly channelHidden?: number;
  readonly classes?: number;
}

/**
 * The MLP-Mixer of Tolstikhin et al. 2021: patches [1, T, width] -> blocks of x + (mlp(norm(x)^T))^T and x + mlp(norm(x))
 * -> layerNorm -> mean over the tokens -> linear: logits [1, classes]. Weights are LeCun's normal, the head truncated
 * normal 0.02 (theirs starts at 0). LCC8001.
 */
export function mixer(options: MixerOptions = {}): MakeModel {
  const { inputs = [3, 32, 32], patch = 4, width = 64, depth = 4, classes = 10 } = options;
  const { tokenHidden = 32, channelHidden = 128 } = options;
  requirePatches('mixer', inputs, patch);
  requireSizes('mixer', { width, tokenHidden, channelHidden, classes });
  requireCount('mixer', 'depth', depth);
  return (seed) => {
    const net = new Network('mixer', seed);
    const block = (x: ValueId, name: string): ValueId =>
      mixChannels(net, `${name}.channels`, mixTokens(net, `${name}.tokens`, x, tokenHidden), channelHidden);
    const tokens = embedPatches(net, inputs, patch, width);
    const mixed = Array.from({ length: depth }, (_, i) => `block${i + 1}`).reduce(block, tokens);
    const mean = net.meanOverTokens('mean', net.layerNorm('norm', mixed));
    return net.finish(net.linear('head', mean, classes, { initial: truncatedNormal(0.02) }));
  };
}

/** x [1, T, width]: the network runs along T */
function mixTokens(net: Network, name: string, x: ValueId, hidden: number): ValueId {
  const turn = { perm: [0, 2, 1] };
  const columns = net.node(`${name}.turned`, 'transpose', [net.layerNorm(`${name}.norm`, x)], turn);
  const mixed = feedForward(net, name, columns, { hidden, initial: lecunNormal });
  return net.node(`${name}.add`, 'add', [x, net.node(`${name}.rows`, 'transpose', [mixed], turn)]);
}

/** x [1, T, width]: the network runs along width */
function mixChannels(net: Network, name: string, x: ValueId, hidden: number): ValueId {
  const mixed = feedForward(net, name, net.layerNorm(`${name}.norm`, x), { hidden, initial: lecunNormal });
  return net.node(`${name}.add`, 'add', [x, mixed]);
}
