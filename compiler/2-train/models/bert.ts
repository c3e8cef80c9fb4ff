import type { ValueId } from '../../ir/graph.ts';
import { truncatedNormal } from './initial.ts';
import type { MakeModel } from './make-model.ts';
import { Network } from './network.ts';
import { addPositions } from './positions.ts';
import { requireSizes } from './require-options.ts';
import { embedTokens, isText, maskOf, meanOfText, type PaddedTokens, requirePadded, tokensInput } from './tokens.ts';
import { requireTransformer, type TransformerSizes, transformer } from './transformer.ts';

export interface BertOptions extends PaddedTokens, Partial<TransformerSizes> {
  readonly classes: number;
  /** post: norm(x + f(x)) as in the paper (default); pre: x + f(norm(x)), and a norm behind the last block */
  readonly norm?: 'pre' | 'post';
  /** mean of the tokens that are no padding (default), or tanh of a linear map of the first, as in the paper */
  readonly pooling?: 'mean' | 'first';
}

/**
 * A classifier like BERT (Devlin et al. 2018), without segments: tokens [1, length] -> vectors and positions, layerNorm
 * [1, length, width] -> blocks that see no padding -> pooled [1, width] -> linear: logits [1, classes]. Weights are
 * truncated normal 0.02. LCC8001.
 */
export function bert(options: BertOptions): MakeModel {
  const { vocabulary, length, classes, padding = 0, norm = 'post', pooling = 'mean' } = options;
  const { width = 64, depth = 2, heads = 4, hidden = 4 * width } = options;
  requirePadded('bert', { vocabulary, length, padding });
  requireSizes('bert', { classes });
  requireTransformer('bert', { width, depth, heads, hidden });
  return (seed) => {
    const net = new Network('bert', seed);
    const tokens = tokensInput(net, length);
    const text = isText(net, tokens, padding);
    const mask = maskOf(net, net.node('mask.keys', 'reshape', [text], { shape: [1, 1, 1, length] }));
    const { vectors } = embedTokens(net, tokens, [vocabulary, width], initial);
    const embedded = net.layerNorm('embedding.norm', addPositions(net, vectors, initial));
    const mixed = transformer(net, embedded, { width, depth, heads, hidden, norm, initial, mask });
    const last = norm === 'pre' ? net.layerNorm('norm', mixed) : mixed;
    const pooled = pooling === 'mean' ? meanOfText(net, last, text) : firstToken(net, last);
    return net.finish(net.linear('head', pooled, classes, { initial }));
  };
}

const initial = truncatedNormal(0.02);

/** x [1, T, width] -> [1, width] */
function firstToken(net: Network, x: ValueId): ValueId {
  const first = net.node('first', 'gather', [x, net.fixed('first.position', 'int32', [], [0])], { axis: 1 });
  return net.node('pool.act', 'tanh', [net.linear('pool', first, net.size(x, -1), { initial })]);
}
