import * as tf from '@tensorflow/tfjs';
import { type Held, hold, inOrder, leadOf, natural, naturalOrder } from '../held.ts';
import { number, type Operation, operand, parameter } from './operation.ts';

/**
 * Batch normalisation (Ioffe and Szegedy 2015) over samples and positions in training, by the running statistics
 * otherwise. The variance that is told is that of a sample: n / (n - 1) times the batch's.
 */
export const batchNorm: Operation = ({ inputs, ids, attributes, mode }) => {
  const x = operand(inputs, 0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((place) => parameter(inputs, place));
  if (!scale || !bias || !mean || !variance) throw new RangeError('internal: a batchNorm without parameters');
  const epsilon = number(attributes, 'epsilon', 1e-5);
  const rank = x.order.length;
  const order = rank > 2 ? [0, ...naturalOrder(rank).slice(2), 1] : naturalOrder(rank);
  const last = inOrder(x, order);
  const normalise = (centre: tf.Tensor, spread: tf.Tensor): Held => {
    const factor = tf.mul(scale, tf.rsqrt(tf.add(spread, epsilon)));
    return { ...last, tensor: tf.add(tf.mul(last.tensor, factor), tf.sub(bias, tf.mul(centre, factor))) };
  };
  if (!mode.isTraining) return normalise(mean, variance);
  const axes = naturalOrder(last.tensor.rank - (rank > 1 ? 1 : 0));
  const seen = tf.moments(last.tensor, axes);
  const count = axes.reduce((product, axis) => product * (last.tensor.shape[axis] ?? 1), 1);
  const [meanId = -1, varianceId = -1] = ids.slice(3);
  mode.onStatistics?.(meanId, tf.reshape(seen.mean, mean.shape));
  mode.onStatistics?.(varianceId, tf.reshape(tf.mul(seen.variance, count / Math.max(1, count - 1)), variance.shape));
  return normalise(seen.mean, seen.variance);
};

/** x [N, C, ...] standardised in groups of channels. */
export const groupNorm: Operation = ({ inputs, attributes }) => {
  const x = operand(inputs, 0);
  const tensor = natural(x);
  const lead = leadOf(x);
  const groups = number(attributes, 'groups', 1);
  const [n = 1, channels = 1, ...space] = tensor.shape.slice(lead);
  const split = tf.reshape(tensor, [...tensor.shape.slice(0, lead), n, groups, -1]);
  const { mean, variance } = tf.moments(split, -1, true);
  const standard = tf.mul(tf.sub(split, mean), tf.rsqrt(tf.add(variance, number(attributes, 'epsilon', 1e-5))));
  const [scale, bias] = [1, 2].map((place) => tf.reshape(parameter(inputs, place), [channels, ...space.map(() => 1)]));
  if (!scale || !bias) throw new RangeError('internal: a groupNorm without parameters');
  return hold(tf.add(tf.mul(tf.reshape(standard, tensor.shape), scale), bias), x.isBatched);
};

/** Along the last dimension at once; along another one behind a transpose. */
const alongRow =
  (row: (x: tf.Tensor) => tf.Tensor): Operation =>
  ({ inputs, attributes }) => {
    const x = operand(inputs, 0);
    const axis = number(attributes, 'axis');
    const rank = x.order.length;
    const order = [...naturalOrder(rank).filter((d) => d !== axis), axis];
    const last = inOrder(x, order);
    return { ...last, tensor: row(last.tensor) };
  };

export const softmax = alongRow((x) => tf.softmax(x));
export const logSoftmax = alongRow((x) => tf.logSoftmax(x));
