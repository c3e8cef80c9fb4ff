import type { Node } from '../ir/graph.ts';
import { elementCount, sizesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The input channel that each weight [N, C / group, taps...] of a linear layer or convolution multiplies. */
export function makeChannelOf({ op, attributes }: Node, { shape }: Tensor): (at: number) => number {
  const [outputs = 1, channels = 1] = sizesOf(shape);
  const taps = elementCount(shape.slice(2));
  const group = op === 'conv' ? Number(attributes.group ?? 1) : 1;
  return (at) => {
    const output = Math.floor(at / (channels * taps));
    return (Math.floor(at / taps) % channels) + Math.floor((output * group) / outputs) * channels;
  };
}
