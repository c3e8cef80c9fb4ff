import * as tf from '@tensorflow/tfjs';
import type { WrittenNode } from '../../../../compiler/1-ingest/onnx/write.ts';
import { type Parameters, parameterOf, type Starts, statistic, vector } from './parameters.ts';

const epsilon = 1e-5;
/** Share of one batch in the running mean and variance. */
const share = 0.1;

/** Batch normalisation (Ioffe and Szegedy 2015) of x [n, channels]. */
export const batchNormStarts = (name: string, channels: number): Starts => ({
  [`${name}.scale`]: vector(channels, 1),
  [`${name}.b`]: vector(channels, 0),
  [`${name}.mean`]: statistic(channels, 0),
  [`${name}.variance`]: statistic(channels, 1),
});

/** By the statistics of the batch, which join the running ones. */
export function batchNormInTraining(p: Parameters, x: tf.Tensor2D, name: string): tf.Tensor2D {
  const { mean, variance } = tf.moments(x, 0);
  const [n] = x.shape;
  join(parameterOf(p, `${name}.mean`), mean);
  join(parameterOf(p, `${name}.variance`), tf.mul(variance, n / (n - 1)));
  return normalise(p, x, name, mean, variance);
}

/** By the running statistics. */
export const batchNorm = (p: Parameters, x: tf.Tensor2D, name: string): tf.Tensor2D =>
  normalise(p, x, name, parameterOf(p, `${name}.mean`), parameterOf(p, `${name}.variance`));

export const batchNormNode = (input: string, name: string, output: string): WrittenNode => ({
  op: 'BatchNormalization',
  name,
  inputs: [input, `${name}.scale`, `${name}.b`, `${name}.mean`, `${name}.variance`],
  outputs: [output],
  attributes: { epsilon: { float: epsilon } },
});

/** scale (x - mean) / sqrt(variance + epsilon) + b */
function normalise(p: Parameters, x: tf.Tensor2D, name: string, mean: tf.Tensor, variance: tf.Tensor): tf.Tensor2D {
  const factor = tf.mul(parameterOf(p, `${name}.scale`), tf.rsqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(tf.sub(x, mean), factor), parameterOf(p, `${name}.b`));
}

const join = (running: tf.Variable, ofBatch: tf.Tensor): void =>
  running.assign(tf.add(tf.mul(running, 1 - share), tf.mul(ofBatch, share)));
