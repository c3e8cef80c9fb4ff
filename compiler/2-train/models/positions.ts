import type { ValueId } from '../../ir/graph.ts';
import type { Initial } from './initial.ts';
import type { Network } from './network.ts';

/** Tokens [1, T, width] plus a learnt vector for each position, `positions.weight` [T, width]. */
export function addPositions(net: Network, tokens: ValueId, initial: Initial): ValueId {
  const [length, width] = [net.size(tokens, 1), net.size(tokens, 2)];
  const table = net.weight('positions.weight', [length, width], { inputs: 1, outputs: width }, initial);
  return net.node('positions', 'add', [tokens, table]);
}
