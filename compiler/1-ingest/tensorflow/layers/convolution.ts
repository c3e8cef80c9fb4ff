import { OpError } from '../../../ops/op.ts';
import { Unsupported } from '../../refusals.ts';
import { activate } from '../activations.ts';
import { convolve, convolveDepthwise, convolveTransposed } from '../convolution.ts';
import type { LayerCall, LayerImporter } from './layer.ts';

const importConv =
  (rank: number): LayerImporter =>
  (layer) => {
    const sliding = layer.sliding(rank);
    if (sliding.padding === 'causal' && rank !== 1) throw new Unsupported('padding is "causal"');
    const y = convolve(layer, layer.x, layer.weight('kernel'), layer.optionalWeight('bias', 'use_bias'), sliding);
    return activate(layer, y, layer.activation);
  };

export const importConv1D = importConv(1);
export const importConv2D = importConv(2);
export const importConv3D = importConv(3);

/** TensorFlow.js lets dilation_rate pass without a word and computes as if it were 1. */
function requireNoDilation(layer: LayerCall): void {
  const dilations = layer.perDimension('dilation_rate', 2, 1);
  if (dilations.some((dilation) => dilation !== 1)) {
    throw new Unsupported(`dilation_rate is [${dilations.join(',')}], which Keras heeds and TensorFlow.js does not`);
  }
}

export const importDepthwiseConv2D: LayerImporter = (layer) => {
  requireNoDilation(layer);
  const bias = layer.optionalWeight('bias', 'use_bias');
  const y = convolveDepthwise(layer, layer.x, layer.weight('depthwise_kernel'), bias, layer.sliding(2));
  return activate(layer, y, layer.activation);
};

export const importSeparableConv2D: LayerImporter = (layer) => {
  const sliding = layer.sliding(2);
  const apart = convolveDepthwise(layer, layer.x, layer.weight('depthwise_kernel'), undefined, sliding);
  const step = { strides: [1, 1], dilations: [1, 1], padding: 'valid', format: sliding.format } as const;
  const bias = layer.optionalWeight('bias', 'use_bias');
  return activate(layer, convolve(layer, apart, layer.weight('pointwise_kernel'), bias, step), layer.activation);
};

/** same: output = input * stride; valid: and what the kernel is longer than the stride. */
export const importConv2DTranspose: LayerImporter = (layer) => {
  requireNoDilation(layer);
  const sliding = layer.sliding(2);
  const kernel = layer.weight('kernel');
  const sizes = layer.sizes(layer.x);
  const spatial = sliding.format === 'last' ? sizes.slice(1, -1) : sizes.slice(2);
  if (spatial.length !== 2) throw new OpError(`x must have rank 4, not [${sizes.join(',')}]`);
  const space = spatial.map((size, i) => {
    const stride = sliding.strides[i] ?? 1;
    const surplus = Math.max(0, (layer.sizes(kernel)[i] ?? 1) - stride);
    return size * stride + (sliding.padding === 'same' ? 0 : surplus);
  });
  const bias = layer.optionalWeight('bias', 'use_bias');
  return activate(layer, convolveTransposed(layer, layer.x, kernel, bias, sliding, space), layer.activation);
};
