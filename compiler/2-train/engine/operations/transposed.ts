import * as tf from '@tensorflow/tfjs';
import { number, numbers, type Operation, operand, parameter, parameterIfAny } from './operation.ts';
import { asImages, fromImages, grouped, type Pair, pairOf } from './windows.ts';

/**
 * A transposed convolution as a convolution: x with stride - 1 zeros behind each of its positions, padded by what the kernel
 * reaches less the pads, by the taps in reverse order.
 */
export const convTranspose: Operation = ({ inputs, attributes, sizes }) => {
  const x = operand(inputs, 0);
  const strides = pairOf(numbers(attributes, 'strides'), 1);
  const dilations = pairOf(numbers(attributes, 'dilations'), 1);
  const pads = numbers(attributes, 'pads');
  const begins = pairOf(pads.slice(0, pads.length / 2), 0);
  const group = number(attributes, 'group', 1);
  const spread = spaced(asImages(x), strides);
  const filter = filterOf(parameter(inputs, 1), group);
  const space = sizes.length === 3 ? [1, ...sizes.slice(2)] : sizes.slice(2);
  const around = [0, 1].map((d): Pair => {
    const reach = (dilations[d] ?? 1) * ((filter.shape[d] ?? 1) - 1);
    const begin = reach - (begins[d] ?? 0);
    return [begin, (space[d] ?? 1) + reach - begin - (spread.shape[d + 1] ?? 1)];
  });
  const framed = framedBy(spread, around);
  const slide = (one: tf.Tensor4D, by: tf.Tensor4D): tf.Tensor4D => tf.conv2d(one, by, 1, 'valid', 'NHWC', dilations);
  const product = group === 1 ? slide(framed, filter) : grouped(framed, filter, group, [1, 1], dilations, slide);
  const bias = parameterIfAny(inputs, 2);
  return fromImages(bias ? tf.add(product, bias) : product, x, sizes);
};

/** [C, M / group, taps...] to [height, width, C / group, M], taps reversed */
function filterOf(w: tf.Tensor, group: number): tf.Tensor4D {
  const all = (w.rank === 3 ? tf.expandDims(w, 2) : w) as tf.Tensor4D;
  const turned = tf.reverse(all, [2, 3]);
  const parts = group === 1 ? [turned] : tf.split(turned, group, 0);
  const filters = parts.map((part) => tf.transpose(part, [2, 3, 0, 1]));
  return (filters.length === 1 ? filters[0] : tf.concat(filters, 3)) as tf.Tensor4D;
}

/** Zeros between rows, then between columns. */
function spaced(images: tf.Tensor4D, [down, right]: Pair): tf.Tensor4D {
  const [n, height, width, channels] = images.shape;
  const rows = tf.reshape(spacedRows(tf.reshape(images, [n, height, width * channels]), down), [-1, width, channels]);
  const tall = (height - 1) * down + 1;
  return tf.reshape(spacedRows(rows as tf.Tensor3D, right), [n, tall, (width - 1) * right + 1, channels]);
}

/** [n, rows, size] to [n, (rows - 1) by + 1, size] */
function spacedRows(x: tf.Tensor3D, by: number): tf.Tensor3D {
  if (by === 1) return x;
  const [n, rows, size] = x.shape;
  const wide = tf.concat([tf.reshape(x, [n, rows, 1, size]), tf.zeros([n, rows, by - 1, size])], 2);
  return tf.slice(tf.reshape(wide, [n, rows * by, size]), [0, 0, 0], [n, (rows - 1) * by + 1, size]) as tf.Tensor3D;
}

/** Zeros around images, or less of them where an amount is negative. */
function framedBy(images: tf.Tensor4D, around: readonly Pair[]): tf.Tensor4D {
  const [n, height, width, channels] = images.shape;
  const cut = around.map(([begin, end]): Pair => [Math.max(0, -begin), Math.max(0, -end)]);
  const kept = tf.slice(
    images,
    [0, cut[0]?.[0] ?? 0, cut[1]?.[0] ?? 0, 0],
    [n, height - sum(cut[0]), width - sum(cut[1]), channels],
  );
  const [rows, columns] = around.map(([begin, end]): Pair => [Math.max(0, begin), Math.max(0, end)]);
  return tf.pad(kept, [[0, 0], rows ?? [0, 0], columns ?? [0, 0], [0, 0]]) as tf.Tensor4D;
}

const sum = (pair: Pair | undefined): number => (pair?.[0] ?? 0) + (pair?.[1] ?? 0);
