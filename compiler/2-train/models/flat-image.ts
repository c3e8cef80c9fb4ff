import type { ValueId } from '../../ir/graph.ts';
import type { ImageSizes } from './make-model.ts';
import type { Network } from './network.ts';

/** `image` as one row [1, n]. */
export function flatImage(net: Network, inputs: ImageSizes | number): ValueId {
  const image = net.input('image', 'float32', [1, ...(typeof inputs === 'number' ? [inputs] : inputs)]);
  return typeof inputs === 'number' ? image : net.flatten('flatten', image);
}
