import * as tf from '@tensorflow/tfjs';

/**
 * x [n, in] times w [in, out]. Its gradients are products of transposed copies, which the wasm backend multiplies several
 * times faster than it does with `transposeA` and `transposeB`.
 */
export const linear = (x: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor2D =>
  withGradient(
    x,
    w,
    () => tf.matMul(x, w),
    (dy, input, weight) => [tf.matMul(dy, tf.transpose(weight)), tf.matMul(tf.transpose(input), dy)],
  );

/**
 * Convolution of x [n, h, w, in] with a square filter [k, k, in, out]. The wasm backend has no gradient for a filter.
 * It is a convolution too: of x with the output's gradient, images as channels, its taps `stride` apart.
 */
export const convolution = (x: tf.Tensor4D, filter: tf.Tensor4D, stride: number, pad: number): tf.Tensor4D =>
  withGradient(
    x,
    filter,
    () => tf.conv2d(x, filter, stride, pad, 'NHWC', 1, 'floor'),
    (dy, input, weight) => {
      const [k, , channelsIn, channelsOut] = weight.shape;
      const channelImages = tf.transpose(input, [3, 1, 2, 0]);
      const taps = tf.transpose(dy, [1, 2, 0, 3]);
      const byChannel = tf.conv2d(channelImages, taps, 1, pad, 'NHWC', stride, 'floor');
      const dFilter = tf.transpose(tf.slice(byChannel, 0, [channelsIn, k, k, channelsOut]), [1, 2, 0, 3]);
      return [tf.conv2dTranspose(dy, weight, input.shape, stride, pad, 'floor'), dFilter];
    },
  );

/** `forward` with a gradient of our own for x and w. */
function withGradient<X extends tf.Tensor, W extends tf.Tensor, Y extends tf.Tensor>(
  x: X,
  w: W,
  forward: () => Y,
  gradient: (dy: Y, x: X, w: W) => tf.Tensor[],
): Y {
  const layer = tf.customGrad<Y>((...args) => {
    const save = args.at(-1);
    if (typeof save === 'function') save([x, w]);
    return { value: forward(), gradFunc: (dy, [savedX, savedW]) => gradient(dy, savedX as X, savedW as W) };
  });
  return layer(x, w);
}
