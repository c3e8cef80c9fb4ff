import type { ValueId } from '../../ir/graph.ts';
import type { Initial } from './initial.ts';
import type { Network } from './network.ts';
import { requireSizes, requireToken } from './require-options.ts';

/** What a model reads: `tokens` int32 [1, length], each below `vocabulary`. */
export interface TokenSizes {
  readonly vocabulary: number;
  readonly length: number;
}

export interface PaddedTokens extends TokenSizes {
  /** the token behind a short text's end; default 0 */
  readonly padding?: number;
}

export function requirePadded(model: string, { vocabulary, length, padding }: Required<PaddedTokens>): void {
  requireSizes(model, { vocabulary, length });
  requireToken(model, 'padding', padding, vocabulary);
}

export const tokensInput = (net: Network, length: number): ValueId => net.input('tokens', 'int32', [1, length]);

/** Its table `embedding.weight` [vocabulary, width], and tokens [1, T] looked up in it [1, T, width]. */
export function embedTokens(
  net: Network,
  tokens: ValueId,
  [vocabulary, width]: readonly [number, number],
  initial: Initial,
): { readonly table: ValueId; readonly vectors: ValueId } {
  const fans = { inputs: vocabulary, outputs: width };
  const table = net.weight('embedding.weight', [vocabulary, width], fans, initial);
  return { table, vectors: net.node('embedding', 'gather', [table, tokens], { axis: 0 }) };
}

/** bool [1, T]: whether a token is not padding. */
export function isText(net: Network, tokens: ValueId, padding: number): ValueId {
  const isPadding = net.node('padding', 'equal', [tokens, net.fixed('padding.token', 'int32', [], [padding])]);
  return net.node('text', 'not', [isPadding]);
}

/** What attention adds to its scores: 0 where `isVisible`, -1e9 elsewhere, which leaves no weight in float32. */
export function maskOf(net: Network, isVisible: ValueId): ValueId {
  const visible = net.node('mask.visible', 'cast', [isVisible], { to: 'float32' });
  return net.node('mask', 'clip', [net.node('mask.log', 'log', [visible])], { min: -1e9 });
}

/** x [1, T, width] -> [1, width]: the mean where `isCounted` [1, T]; 0 where nothing is. */
export function meanOfText(net: Network, x: ValueId, isCounted: ValueId): ValueId {
  const counted = net.node('mean.counted', 'cast', [isCounted], { to: 'float32' });
  const column = net.node('mean.column', 'reshape', [counted], { shape: [1, net.size(x, 1), 1] });
  const kept = net.node('mean.kept', 'mul', [x, column]);
  const sum = net.node('mean.sum', 'reduce', [kept], { kind: 'sum', axes: [1], keepDims: false });
  const count = net.node('mean.count', 'reduce', [counted], { kind: 'sum', axes: [1] });
  return net.node('mean', 'div', [sum, net.node('mean.divisor', 'clip', [count], { min: 1 })]);
}
