import { flatImage } from './flat-image.ts';
import { heNormal } from './initial.ts';
import type { ImageSizes, MakeModel } from './make-model.ts';
import { Network } from './network.ts';
import { requireCount, requireSizes } from './require-options.ts';
import { type ResidualOptions, residualBlocks } from './residual-blocks.ts';

export interface ResidualMlpOptions extends Partial<ResidualOptions> {
  /** [C, H, W] of `image` [1, C, H, W], or n of [1, n] */
  readonly inputs?: ImageSizes | number;
  readonly width?: number;
  readonly classes?: number;
}

/** image -> linear, relu [1, width] -> blocks of x + W2 act(W1 x) -> linear: logits [1, classes]. LCC8001. */
export function residualMlp(options: ResidualMlpOptions = {}): MakeModel {
  const { inputs = [1, 28, 28], width = 128, classes = 10 } = options;
  const { blocks = 4, hidden = 512, activation = 'prelu', slope = 0.01 } = options;
  requireSizes('residualMlp', { inputs, width, hidden, classes });
  requireCount('residualMlp', 'blocks', blocks);
  return (seed) => {
    const net = new Network('residualMlp', seed);
    const sum = net.linear('stem', flatImage(net, inputs), width, { initial: heNormal() });
    const stem = net.node('stem.act', 'relu', [sum]);
    return net.finish(net.linear('head', residualBlocks(net, stem, { blocks, hidden, activation, slope }), classes));
  };
}
