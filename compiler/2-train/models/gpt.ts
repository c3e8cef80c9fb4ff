import type { ValueId } from '../../ir/graph.ts';
import { normal } from './initial.ts';
import type { MakeModel } from './make-model.ts';
import { Network } from './network.ts';
import { addPositions } from './positions.ts';
import { requireSizes } from './require-options.ts';
import { embedTokens, maskOf, type TokenSizes, tokensInput } from './tokens.ts';
import { requireTransformer, type TransformerSizes, transformer } from './transformer.ts';

export interface GptOptions extends TokenSizes, Partial<TransformerSizes> {
  /** the head is the table of the tokens' vectors, as in the paper (default), or a matrix of its own */
  readonly tied?: boolean;
}

/**
 * A language model like GPT-2 (Radford et al. 2019): tokens [1, length] -> vectors and positions [1, length, width] ->
 * pre-norm blocks in which no token sees a later one -> layerNorm -> head without bias: logits [1, length, vocabulary].
 * Weights are normal 0.02, those that end a residual branch 0.02 / sqrt(2 depth). LCC8001.
 */
export function gpt(options: GptOptions): MakeModel {
  const { vocabulary, length, tied = true } = options;
  const { width = 64, depth = 4, heads = 4, hidden = 4 * width } = options;
  requireSizes('gpt', { vocabulary, length });
  requireTransformer('gpt', { width, depth, heads, hidden });
  const initial = normal(0.02);
  const residualInitial = normal(0.02 / Math.sqrt(2 * depth));
  return (seed) => {
    const net = new Network('gpt', seed);
    const { table, vectors } = embedTokens(net, tokensInput(net, length), [vocabulary, width], initial);
    const embedded = addPositions(net, vectors, initial);
    const mask = maskOf(net, isEarlier(net, length));
    const sizes = { width, depth, heads, hidden };
    const mixed = transformer(net, embedded, { ...sizes, norm: 'pre', initial, residualInitial, mask });
    const last = net.layerNorm('norm', mixed);
    if (tied) return net.finish(net.node('head', 'linear', [last, table]));
    return net.finish(net.linear('head', last, vocabulary, { initial, bias: false }));
  };
}

/** bool [T, T]: whether the position of the column is the row's or before it. */
function isEarlier(net: Network, length: number): ValueId {
  const values = Array.from({ length: length ** 2 }, (_, i) => (i % length <= Math.floor(i / length) ? 1 : 0));
  return net.fixed('mask.isEarlier', 'bool', [length, length], values);
}
