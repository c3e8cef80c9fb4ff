import * as tf from '@tensorflow/tfjs';
import { type Held, inOrder, leadOf, naturalOrder } from '../held.ts';
import { NotRenderable } from '../render.ts';
import { type Call, number, numbers, type Operation, operand, parameter, parameterIfAny } from './operation.ts';

/** Images as TensorFlow.js wants them: [samples, height, width, channels]; a sequence is an image one high. */
export function asImages(x: Held): tf.Tensor4D {
  const rank = x.order.length;
  const { tensor } = inOrder(x, channelsLast(rank));
  const [n = 1, ...rest] = tensor.shape.slice(leadOf(x));
  const samples = n * (x.isBatched ? (tensor.shape[0] ?? 1) : 1);
  if (rank === 3) return tf.reshape(tensor, [samples, 1, ...rest] as [number, number, number, number]);
  if (rank !== 4) throw new NotRenderable(`${rank - 2} spatial dimensions`);
  return tf.reshape(tensor, [samples, ...rest] as [number, number, number, number]);
}

/** The way back. */
export function fromImages(images: tf.Tensor4D, x: Held, sizes: readonly number[]): Held {
  const order = channelsLast(x.order.length);
  const lead = x.isBatched ? [x.tensor.shape[0] ?? 1] : [];
  return { tensor: tf.reshape(images, [...lead, ...order.map((d) => sizes[d] ?? 1)]), isBatched: x.isBatched, order };
}

const channelsLast = (rank: number): number[] => [0, ...naturalOrder(rank).slice(2), 1];

export type Pair = [number, number];

/** One number per spatial dimension, as for images. */
export const pairOf = (values: readonly number[], fill: number): Pair => {
  const [first = fill, second] = values;
  return values.length === 1 ? [fill, first] : [first, second ?? fill];
};

type Pads = [Pair, Pair, Pair, Pair];

/** begins, then ends */
function padsOf(pads: readonly number[]): Pads {
  const half = pads.length / 2;
  const [top, left] = pairOf(pads.slice(0, half), 0);
  const [bottom, right] = pairOf(pads.slice(half), 0);
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** Explicit pads of a convolution are taken as they are; its rounding is ours. */
export const conv: Operation = ({ inputs, attributes, sizes }) => {
  const x = operand(inputs, 0);
  const images = asImages(x);
  const strides = pairOf(numbers(attributes, 'strides'), 1);
  const dilations = pairOf(numbers(attributes, 'dilations'), 1);
  const padded = padsIn(images, padsOf(numbers(attributes, 'pads')), 0);
  const group = number(attributes, 'group', 1);
  const filter = filterOf(parameter(inputs, 1));
  const slide = (one: tf.Tensor4D, by: tf.Tensor4D): tf.Tensor4D =>
    tf.conv2d(one, by, strides, 'valid', 'NHWC', dilations);
  const product = group === 1 ? slide(padded, filter) : grouped(padded, filter, group, strides, dilations, slide);
  const bias = parameterIfAny(inputs, 2);
  return fromImages(bias ? tf.add(product, bias) : product, x, sizes);
};

/** [M, C, taps...] to [height, width, C, M] */
function filterOf(w: tf.Tensor): tf.Tensor4D {
  const spread = w.rank === 3 ? tf.expandDims(w, 2) : w;
  return tf.transpose(spread, [2, 3, 1, 0]) as tf.Tensor4D;
}

export function grouped(
  images: tf.Tensor4D,
  filter: tf.Tensor4D,
  group: number,
  strides: Pair,
  dilations: Pair,
  slide: (images: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor4D,
): tf.Tensor4D {
  const channels = images.shape[3];
  const [height, width, perGroup, outputs] = filter.shape;
  if (perGroup === 1 && group === channels) {
    const each = tf.reshape(filter, [height, width, group, outputs / group]) as tf.Tensor4D;
    return tf.depthwiseConv2d(images, each, strides, 'valid', 'NHWC', dilations) as tf.Tensor4D;
  }
  const parts = tf.split(images, group, 3);
  const filters = tf.split(filter, group, 3);
  return tf.concat(
    parts.map((part, i) => slide(part as tf.Tensor4D, (filters[i] ?? filter) as tf.Tensor4D)),
    3,
  );
}

const padsIn = (images: tf.Tensor4D, pads: Pads, value: number): tf.Tensor4D =>
  pads.flat().every((n) => n === 0) ? images : tf.pad(images, pads, value);

/** Lower than any value: padding never wins. */
const lowest = -3.4028234663852886e38;

/** With ceilMode the last window may hang over the end: what is missing there is padded too. */
function pooled(
  call: Call,
  fill: number,
): { readonly images: tf.Tensor4D; readonly kernel: Pair; readonly strides: Pair } {
  const { inputs, attributes, sizes } = call;
  const kernel = pairOf(numbers(attributes, 'kernel'), 1);
  const strides = pairOf(numbers(attributes, 'strides'), 1);
  if (numbers(attributes, 'dilations').some((d) => d !== 1)) throw new NotRenderable('a dilated pool');
  const images = asImages(operand(inputs, 0));
  const pads = padsOf(numbers(attributes, 'pads'));
  const space = sizes.length === 3 ? [1, ...sizes.slice(2)] : sizes.slice(2);
  space.forEach((outputs, i) => {
    const ends = pads[i + 1] ?? [0, 0];
    const needed = (outputs - 1) * (strides[i] ?? 1) + (kernel[i] ?? 1);
    const missing = needed - (images.shape[i + 1] ?? 1) - ends[0] - ends[1];
    if (missing > 0) ends[1] += missing;
  });
  return { images: padsIn(images, pads, fill), kernel, strides };
}

export const maxPool: Operation = (call) => {
  const { images, kernel, strides } = pooled(call, lowest);
  return fromImages(tf.maxPool(images, kernel, strides, 'valid'), operand(call.inputs, 0), call.sizes);
};

/** The mean over all taps, times taps over those that count. */
export const averagePool: Operation = (call) => {
  const x = operand(call.inputs, 0);
  const { images, kernel, strides } = pooled(call, 0);
  const means = tf.avgPool(images, kernel, strides, 'valid');
  const pads = numbers(call.attributes, 'pads');
  const [, height, width] = asImages(x).shape;
  const isPlain = images.shape[1] === height && images.shape[2] === width;
  if (isPlain) return fromImages(means, x, call.sizes);
  const included = call.attributes.countIncludePad === true ? padsOf(pads) : padsOf([]);
  const inside = padsIn(tf.ones([1, height, width, 1]), included, 1);
  const [, wantedHeight, wantedWidth] = images.shape;
  const before: Pair = call.attributes.countIncludePad === true ? [0, 0] : pairOf(pads.slice(0, pads.length / 2), 0);
  const counted = tf.pad(inside, [
    [0, 0],
    [before[0], wantedHeight - inside.shape[1] - before[0]],
    [before[1], wantedWidth - inside.shape[2] - before[1]],
    [0, 0],
  ]);
  const shares = tf.maximum(tf.avgPool(counted as tf.Tensor4D, kernel, strides, 'valid'), 1 / (kernel[0] * kernel[1]));
  return fromImages(tf.div(means, shares), x, call.sizes);
};
