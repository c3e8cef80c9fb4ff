import * as tf from '@tensorflow/tfjs';
import { paddedPositions } from '../../../ops/pad.ts';
import { type Held, hold, leadOf, natural, spreadTo } from '../held.ts';
import { NotRenderable } from '../render.ts';
import { number, numbers, type Operation, operand } from './operation.ts';

export const reshape: Operation = ({ inputs, sizes }) => {
  const x = operand(inputs, 0);
  const tensor = natural(x);
  return hold(tf.reshape(tensor, [...tensor.shape.slice(0, leadOf(x)), ...sizes]), x.isBatched);
};

/** Nothing moves: only the names of the dimensions do. */
export const transpose: Operation = ({ inputs, attributes }) => {
  const x = operand(inputs, 0);
  const perm = numbers(attributes, 'perm');
  return { ...x, order: x.order.map((d) => perm.indexOf(d)) };
};

export const concat: Operation = ({ inputs, attributes }) => {
  const axis = number(attributes, 'axis');
  const isBatched = inputs.some((input) => input.isBatched);
  const batch = inputs.find((input) => input.isBatched)?.tensor.shape[0] ?? 1;
  const parts = inputs.map((input) => forAllSamples(input, isBatched, batch));
  return hold(tf.concat(parts, axis + (isBatched ? 1 : 0)), isBatched);
};

function forAllSamples(x: Held, isBatched: boolean, batch: number): tf.Tensor {
  const tensor = natural(x);
  if (x.isBatched || !isBatched) return tensor;
  return spreadTo(tf.reshape(tensor, [1, ...tensor.shape]), [batch, ...tensor.shape]);
}

export const slice: Operation = ({ inputs, attributes, sizes }) => {
  const x = operand(inputs, 0);
  const tensor = natural(x);
  const lead = tensor.shape.slice(0, leadOf(x));
  const zeros = lead.map(() => 0);
  const [starts, steps] = [numbers(attributes, 'starts'), numbers(attributes, 'steps')];
  // the elements between the first and the last, backwards where the step is negative, then every step-th of them
  const span = sizes.map((size, d) => (size - 1) * Math.abs(steps[d] ?? 1) + 1);
  const first = starts.map((start, d) => ((steps[d] ?? 1) < 0 ? start - (span[d] ?? 1) + 1 : start));
  if (sizes.includes(0)) return hold(tf.zeros([...lead, ...sizes], dtypeOf(tensor)), x.isBatched);
  const taken = tf.slice(tensor, [...zeros, ...first], [...lead, ...span]);
  const backwards = steps.flatMap((step, d) => (step < 0 ? [d + lead.length] : []));
  const turned = backwards.length > 0 ? tf.reverse(taken, backwards) : taken;
  return hold(everyOf(turned, [...zeros.map(() => 1), ...steps.map(Math.abs)]), x.isBatched);
};

function everyOf(x: tf.Tensor, steps: readonly number[]): tf.Tensor {
  return steps.reduce((rest, step, d) => {
    if (step === 1) return rest;
    const count = Math.ceil((rest.shape[d] ?? 1) / step);
    return tf.gather(rest, tf.range(0, count * step, step, 'int32'), d);
  }, x);
}

const dtypeOf = ({ dtype }: tf.Tensor): 'float32' | 'int32' | 'bool' => {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new NotRenderable(dtype);
};

/** Constant borders at once; others repeat positions, dimension by dimension. Negative pads crop. */
export const pad: Operation = ({ inputs, attributes }) => {
  const x = operand(inputs, 0);
  const tensor = natural(x);
  const lead = leadOf(x);
  const pads = numbers(attributes, 'pads');
  const rank = x.order.length;
  const pairs = Array.from({ length: rank }, (_, d): [number, number] => [pads[d] ?? 0, pads[d + rank] ?? 0]);
  const mode = repeatingMode(attributes.mode);
  if (mode === undefined) {
    const kept = cropped(tensor, pairs, lead);
    const around = pairs.map(([start, end]): [number, number] => [Math.max(0, start), Math.max(0, end)]);
    const none = Array.from({ length: lead }, (): [number, number] => [0, 0]);
    return hold(tf.pad(kept, [...none, ...around], number(attributes, 'value')), x.isBatched);
  }
  const padded = pairs.reduce((rest, [start, end], d) => {
    const size = rest.shape[d + lead] ?? 1;
    if (start === 0 && end === 0) return rest;
    return tf.gather(rest, tf.tensor1d(paddedPositions(mode, start, size + start + end, size), 'int32'), d + lead);
  }, tensor);
  return hold(padded, x.isBatched);
};

const repeatingMode = (mode: unknown): 'reflect' | 'edge' | 'wrap' | undefined =>
  mode === 'reflect' || mode === 'edge' || mode === 'wrap' ? mode : undefined;

/** Without what negative pads take away. */
function cropped(tensor: tf.Tensor, pairs: readonly (readonly [number, number])[], lead: number): tf.Tensor {
  const leading = tensor.shape.slice(0, lead);
  const begin = pairs.map(([start]) => Math.max(0, -start));
  const size = pairs.map(([start, end], d) => (tensor.shape[d + lead] ?? 1) + Math.min(0, start) + Math.min(0, end));
  return tf.slice(tensor, [...leading.map(() => 0), ...begin], [...leading, ...size]);
}

export const tile: Operation = ({ inputs, attributes }) => {
  const x = operand(inputs, 0);
  const lead = leadOf(x) === 1 ? [1] : [];
  return hold(tf.tile(natural(x), [...lead, ...numbers(attributes, 'repeats')]), x.isBatched);
};

/** Rows of a table, or of each sample by the same positions. */
export const gather: Operation = ({ inputs, attributes, sizes }) => {
  const [x, indices] = [operand(inputs, 0), operand(inputs, 1)];
  const axis = number(attributes, 'axis');
  const tensor = natural(x);
  const size = tensor.shape[axis + leadOf(x)] ?? 1;
  const wanted = within(tf.cast(natural(indices), 'int32'), size);
  if (!indices.isBatched) {
    const flat = tf.gather(tensor, tf.reshape(wanted, [-1]), axis + leadOf(x));
    const lead = tensor.shape.slice(0, leadOf(x));
    return hold(tf.reshape(flat, [...lead, ...sizes]), x.isBatched);
  }
  if (x.isBatched || axis !== 0) throw new NotRenderable('positions of every sample in values of every sample');
  const flat = tf.gather(tensor, tf.reshape(wanted, [-1]), 0);
  return hold(tf.reshape(flat, [wanted.shape[0] ?? 1, ...sizes]), true);
};

/** Negative positions count from the end; none is outside. */
const within = (positions: tf.Tensor, size: number): tf.Tensor1D => {
  const last = tf.scalar(size, 'int32');
  const wrapped = tf.where(tf.less(positions, tf.scalar(0, 'int32')), tf.add(positions, last), positions);
  const outermost = tf.scalar(Math.max(0, size - 1), 'int32');
  return tf.minimum(tf.maximum(wrapped, tf.scalar(0, 'int32')), outermost) as tf.Tensor1D;
};

export const cumSum: Operation = ({ inputs, attributes }) => {
  const x = operand(inputs, 0);
  const axis = number(attributes, 'axis') + leadOf(x);
  const { exclusive, reverse } = attributes;
  return hold(tf.cumsum(natural(x), axis, exclusive === true, reverse === true), x.isBatched);
};
