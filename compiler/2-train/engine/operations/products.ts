import * as tf from '@tensorflow/tfjs';
import { type Held, hold, leadOf, natural, spreadTo } from '../held.ts';
import { NotRenderable } from '../render.ts';
import { number, type Operation, operand, parameter, parameterIfAny } from './operation.ts';

/** x [..., K] w [N, K]' + b [N], over all rows at once. */
export const linear: Operation = ({ inputs }) => {
  const x = operand(inputs, 0);
  const rows = natural(x);
  const w = parameter(inputs, 1);
  const [n = 1, k = 1] = w.shape;
  const product = tf.matMul(tf.reshape(rows, [-1, k]), w, false, true);
  const bias = parameterIfAny(inputs, 2);
  const sum = bias ? tf.add(product, bias) : product;
  return hold(tf.reshape(sum, [...rows.shape.slice(0, -1), n]), x.isBatched);
};

/** Batches broadcast, the samples among them. */
export const matmul: Operation = ({ inputs, sizes }) => {
  const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
  if (a.tensor.dtype !== 'float32') throw new NotRenderable('a product of integers');
  const isBatched = a.isBatched || b.isBatched;
  const left = a.order.length === 1 ? grown(a, -1) : a;
  const right = b.order.length === 1 ? grown(b, 1) : b;
  const product = multiply(left, right);
  const lead = isBatched ? [product.shape[0] ?? 1] : [];
  return hold(tf.reshape(product, [...lead, ...sizes]), isBatched);
};

/** A vector as a row or a column. */
function grown(x: Held, side: -1 | 1): Held {
  const tensor = natural(x);
  const lead = tensor.shape.slice(0, leadOf(x));
  const size = tensor.shape[leadOf(x)] ?? 1;
  return hold(tf.reshape(tensor, [...lead, ...(side < 0 ? [1, size] : [size, 1])]), x.isBatched);
}

/** [..., M, K] by [..., K, N] with dimensions of size 1 where one has none. */
function multiply(a: Held, b: Held, transposed = false): tf.Tensor {
  const [x, y] = [natural(a), natural(b)];
  // one matrix for all: all rows at once
  if (y.rank === 2 && x.rank > 2 && !transposed) {
    const k = x.shape.at(-1) ?? 1;
    return tf.reshape(tf.matMul(tf.reshape(x, [-1, k]), y), [...x.shape.slice(0, -1), y.shape[1] ?? 1]);
  }
  const rank = Math.max(a.order.length, b.order.length) + (a.isBatched || b.isBatched ? 1 : 0);
  const [left, right] = [ranked(a, rank), ranked(b, rank)];
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  return tf.matMul(forBatches(left, batch), forBatches(right, batch), false, transposed);
}

/** The kernel of tfjs wasm repeats batches as a whole only. */
const forBatches = (x: tf.Tensor, batch: readonly number[]): tf.Tensor => spreadTo(x, [...batch, ...x.shape.slice(-2)]);

/** Ones between the samples and the dimensions. */
function ranked(x: Held, rank: number): tf.Tensor {
  const tensor = natural(x);
  const lead = tensor.shape.slice(0, leadOf(x));
  const own = tensor.shape.slice(leadOf(x));
  const ones = new Array<number>(rank - lead.length - own.length).fill(1);
  return tf.reshape(tensor, [...lead, ...ones, ...own]);
}

/** softmax(scale q k' + mask) v */
export const attention: Operation = ({ inputs, attributes, sizes }) => {
  const [q, k, v] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
  const mask = inputs[3];
  const isBatched = inputs.some((input) => input.isBatched);
  const scores = tf.mul(multiply(q, k, true), number(attributes, 'scale', 1));
  const masked = mask ? tf.add(scores, ranked(mask, scores.rank)) : scores;
  const shares = hold(tf.softmax(masked), isBatched);
  const mixed = multiply(shares, v);
  return hold(tf.reshape(mixed, [...(isBatched ? [mixed.shape[0] ?? 1] : []), ...sizes]), isBatched);
};
