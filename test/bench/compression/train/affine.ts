import * as tf from '@tensorflow/tfjs';
import type { WrittenNode } from '../../../../compiler/1-ingest/onnx/write.ts';
import { linear } from '../../../../samples/digits/train/layers.ts';
import { matrix, type Parameters, parameterOf, type Starts, vector } from './parameters.ts';

/** x [n, in] to x w + b [n, out]. */
export const affineStarts = (name: string, inputs: number, outputs: number, gain = 1): Starts => ({
  [`${name}.w`]: matrix(inputs, outputs, gain),
  [`${name}.b`]: vector(outputs, 0),
});

export const affine = (p: Parameters, x: tf.Tensor2D, name: string): tf.Tensor2D =>
  tf.add(linear(x, parameterOf<tf.Tensor2D>(p, `${name}.w`)), parameterOf<tf.Tensor1D>(p, `${name}.b`));

export const affineNode = (input: string, name: string, output: string): WrittenNode => ({
  op: 'Gemm',
  name,
  inputs: [input, `${name}.w`, `${name}.b`],
  outputs: [output],
});
