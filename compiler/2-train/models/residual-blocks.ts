import type { ValueId } from '../../ir/graph.ts';
import { type Activation, initialFor } from './activation.ts';
import { heNormal } from './initial.ts';
import type { Network } from './network.ts';

/** What residual blocks of two linear layers are made of. */
export interface ResidualOptions {
  readonly blocks: number;
  readonly hidden: number;
  readonly activation: Activation;
  /** of leakyRelu, and where prelu starts */
  readonly slope: number;
}

/** x [..., K] -> the same through blocks of x + W2 act(W1 x), W1 [hidden, K]; all branches together add about as much as x. */
export function residualBlocks(net: Network, x: ValueId, options: ResidualOptions): ValueId {
  const { blocks, hidden, activation, slope } = options;
  const block = (from: ValueId, name: string): ValueId => {
    const sum = net.linear(`${name}.fc1`, from, hidden, { initial: initialFor(activation, slope) });
    const active = net.activation(`${name}.act`, sum, activation, slope);
    const initial = heNormal(1 / Math.sqrt(blocks));
    return net.node(`${name}.add`, 'add', [from, net.linear(`${name}.fc2`, active, net.size(x, -1), { initial })]);
  };
  return Array.from({ length: blocks }, (_, i) => `block${i + 1}`).reduce(block, x);
}
