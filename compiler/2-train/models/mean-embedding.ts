import { uniform } from './initial.ts';
import type { MakeModel } from './make-model.ts';
import { Network } from './network.ts';
import { requireCount, requireSizes } from './require-options.ts';
import { type ResidualOptions, residualBlocks } from './residual-blocks.ts';
import { embedTokens, isText, meanOfText, type PaddedTokens, requirePadded, tokensInput } from './tokens.ts';

export interface MeanEmbeddingOptions extends PaddedTokens, Partial<ResidualOptions> {
  readonly width?: number;
  readonly classes: number;
}

/**
 * fastText's classifier (Joulin et al. 2016): tokens [1, length] -> vectors [1, length, width] -> their mean without
 * padding [1, width] -> perhaps residual blocks of two linear layers -> linear: logits [1, classes]. LCC8001.
 */
export function meanEmbedding(options: MeanEmbeddingOptions): MakeModel {
  const { vocabulary, length, classes, padding = 0, width = 64 } = options;
  const { blocks = 0, hidden = 4 * width, activation = 'prelu', slope = 0.01 } = options;
  requirePadded('meanEmbedding', { vocabulary, length, padding });
  requireSizes('meanEmbedding', { width, hidden, classes });
  requireCount('meanEmbedding', 'blocks', blocks);
  return (seed) => {
    const net = new Network('meanEmbedding', seed);
    const tokens = tokensInput(net, length);
    const { vectors } = embedTokens(net, tokens, [vocabulary, width], uniform(1 / width));
    const mean = meanOfText(net, vectors, isText(net, tokens, padding));
    return net.finish(net.linear('head', residualBlocks(net, mean, { blocks, hidden, activation, slope }), classes));
  };
}
