import * as tf from '@tensorflow/tfjs';
import { type Tensor, tensorOf, writeOnnx } from 'lcc';
import { convolution, linear } from './layers.ts';
import { side } from './mnist.ts';
import type { Random } from './random.ts';

/**
 * image [n, 28, 28, 1] -> convolution 5x5 /2 -> relu [n, 14, 14, 16] -> convolution 3x3 /2 -> relu [n, 7, 7, 32]
 * -> linear -> relu [n, 96] -> linear [n, 10]. Filters are [k, k, in, out], matrices [in, out].
 */
const shapes = {
  conv1: [5, 5, 1, 16],
  bias1: [16],
  conv2: [3, 3, 16, 32],
  bias2: [32],
  linear3: [7 * 7 * 32, 96],
  bias3: [96],
  linear4: [96, 10],
  bias4: [10],
} as const;

const stride = 2;
const pads = { conv1: 2, conv2: 1 } as const;

export type Parameters = Readonly<Record<keyof typeof shapes, tf.Variable>>;

/** Weights by He et al. 2015 (normal, variance 2 / inputs), biases 0. */
export function makeParameters(random: Random): Parameters {
  const make = (name: keyof typeof shapes): tf.Variable => {
    const shape: readonly number[] = shapes[name];
    const count = shape.reduce((product, n) => product * n, 1);
    const inputs = count / (shape.at(-1) ?? 1);
    const deviation = shape.length === 1 ? 0 : Math.sqrt(2 / inputs);
    const values = Float32Array.from({ length: count }, () => deviation * random.normal());
    return tf.variable(tf.tensor(values, [...shape]), true, name);
  };
  return {
    conv1: make('conv1'),
    bias1: make('bias1'),
    conv2: make('conv2'),
    bias2: make('bias2'),
    linear3: make('linear3'),
    bias3: make('bias3'),
    linear4: make('linear4'),
    bias4: make('bias4'),
  };
}

/** Images [n, 28 * 28] in 0..1 to logits [n, 10]. */
export function classify(p: Parameters, images: tf.Tensor2D): tf.Tensor2D {
  const image = tf.reshape<tf.Rank.R4>(images, [-1, side, side, 1]);
  const h1 = tf.relu(tf.add<tf.Tensor4D>(convolution(image, p.conv1 as tf.Tensor4D, stride, pads.conv1), p.bias1));
  const h2 = tf.relu(tf.add<tf.Tensor4D>(convolution(h1, p.conv2 as tf.Tensor4D, stride, pads.conv2), p.bias2));
  const flat = tf.reshape<tf.Rank.R2>(h2, [-1, 7 * 7 * 32]);
  const h3 = tf.relu(tf.add<tf.Tensor2D>(linear(flat, p.linear3 as tf.Tensor2D), p.bias3));
  return tf.add<tf.Tensor2D>(linear(h3, p.linear4 as tf.Tensor2D), p.bias4);
}

/** The network as an ONNX file: `image` float32[1,1,28,28] to `probabilities` float32[1,10]. */
export function exportOnnx(p: Parameters): Uint8Array {
  const conv = (input: string, layer: 1 | 2, output: string) => ({
    op: 'Conv',
    name: `conv${layer}`,
    inputs: [input, `conv${layer}`, `bias${layer}`],
    outputs: [output],
    attributes: { strides: [stride, stride], pads: Array.from({ length: 4 }, () => pads[`conv${layer}`]) },
  });
  const gemm = (input: string, layer: 3 | 4, output: string) => ({
    op: 'Gemm',
    name: `linear${layer}`,
    inputs: [input, `linear${layer}`, `bias${layer}`],
    outputs: [output],
  });
  const node = (op: string, input: string, output: string) => ({
    op,
    name: output,
    inputs: [input],
    outputs: [output],
  });
  return writeOnnx({
    name: 'digits',
    opset: 21,
    inputs: [{ name: 'image', dtype: 'float32', shape: [1, 1, side, side] }],
    outputs: [{ name: 'probabilities', dtype: 'float32', shape: [1, 10] }],
    nodes: [
      conv('image', 1, 'sum1'),
      node('Relu', 'sum1', 'h1'),
      conv('h1', 2, 'sum2'),
      node('Relu', 'sum2', 'h2'),
      node('Flatten', 'h2', 'flat'),
      gemm('flat', 3, 'sum3'),
      node('Relu', 'sum3', 'h3'),
      gemm('h3', 4, 'logits'),
      node('Softmax', 'logits', 'probabilities'),
    ],
    initializers: {
      conv1: channelsFirst(p.conv1),
      bias1: toTensor(p.bias1),
      conv2: channelsFirst(p.conv2),
      bias2: toTensor(p.bias2),
      linear3: toTensor(rowsChannelsFirst(p.linear3)),
      bias3: toTensor(p.bias3),
      linear4: toTensor(p.linear4),
      bias4: toTensor(p.bias4),
    },
  });
}

const toTensor = (x: tf.Tensor): Tensor => tensorOf('float32', x.shape, Array.from(x.dataSync()));

/** [k, k, in, out] -> [out, in, k, k]. */
const channelsFirst = (filter: tf.Tensor): Tensor => toTensor(tf.transpose(filter, [3, 2, 0, 1]));

/** ONNX flattens [32, 7, 7], the network here [7, 7, 32]. */
const rowsChannelsFirst = (matrix: tf.Tensor): tf.Tensor =>
  tf.reshape(tf.transpose(tf.reshape(matrix, [7, 7, 32, 96]), [2, 0, 1, 3]), [7 * 7 * 32, 96]);
