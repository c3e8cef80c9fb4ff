import type { ValueId } from '../../ir/graph.ts';
import { lecunNormal } from './initial.ts';
import type { ImageSizes } from './make-model.ts';
import type { Network } from './network.ts';

/** `image` [1, C, H, W], each patch of patch x patch pixels mapped to one token: [1, H W / patch^2, width]. */
export function embedPatches(net: Network, inputs: ImageSizes, patch: number, width: number): ValueId {
  const image = net.input('image', 'float32', [1, ...inputs]);
  const grid = net.conv('patches', image, width, { kernel: patch, stride: patch, initial: lecunNormal });
  const count = net.size(grid, 2) * net.size(grid, 3);
  const columns = net.node('patches.columns', 'reshape', [grid], { shape: [1, width, count] });
  return net.node('patches.tokens', 'transpose', [columns], { perm: [0, 2, 1] });
}
