import * as tf from '@tensorflow/tfjs';
import { gradientOfTwo } from './gradient.ts';

/** Conv2D, with dilations too, which tfjs refuses; other backends than wasm keep tfjs's own. */
export const conv2DGradient = gradientOfTwo(tf.Conv2D, ['x', 'filter'], (dy, [x, filter], attrs, native) =>
  tf.getBackend() === 'wasm'
    ? derivedBy(tf.Conv2DBackpropInput, tf.Conv2DBackpropFilter, dy, x, filter, attrs)
    : native(),
);

/** As conv2DGradient. */
export const depthwiseConv2DGradient = gradientOfTwo(
  tf.DepthwiseConv2dNative,
  ['x', 'filter'],
  (dy, [x, filter], attrs, native) =>
    tf.getBackend() === 'wasm'
      ? derivedBy(tf.DepthwiseConv2dNativeBackpropInput, tf.DepthwiseConv2dNativeBackpropFilter, dy, x, filter, attrs)
      : native(),
);

const derivedBy = (
  toInput: string,
  toFilter: string,
  dy: tf.Tensor,
  x: tf.Tensor,
  filter: tf.Tensor,
  attrs: tf.NamedAttrMap,
): Record<string, () => tf.Tensor> => ({
  x: () => tf.engine().runKernel(toInput, { dy, filter }, { ...attrs, inputShape: x.shape }),
  filter: () => tf.engine().runKernel(toFilter, { x, dy }, { ...attrs, filterShape: filter.shape }),
});
