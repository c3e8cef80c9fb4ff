import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { writeOnnx } from '../../../../compiler/1-ingest/onnx/write.ts';
import type { Tensor } from '../../../../compiler/tensor/tensor.ts';
import { linear } from '../../../../samples/digits/train/layers.ts';
import { pixels } from '../../../../samples/digits/train/mnist.ts';
import { makeRandom } from '../../../../samples/digits/train/random.ts';
import { type Recipe, trainClassifier } from './train-classifier.ts';

/** Images times w [in, out]: no gradient of the images, which is a fifth of the work. */
const firstLinear = (images: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor2D =>
  tf.customGrad<tf.Tensor2D>((weights) => ({
    value: tf.matMul(images, weights as tf.Tensor2D),
    gradFunc: (dy) => tf.matMul(tf.transpose(images), dy),
  }))(w);

const layer = (p: Readonly<Record<string, tf.Variable>>, x: tf.Tensor2D, i: number, times = linear): tf.Tensor2D =>
  tf.add(times(x, p[`w${i}`] as tf.Tensor2D), p[`b${i}`] as tf.Tensor1D);

/** image [n, 784] -> linear 1024 -> relu -> linear 1024 -> relu -> linear 10. */
const recipe: Recipe = {
  shapes: { w1: [pixels, 1024], b1: [1024], w2: [1024, 1024], b2: [1024], w3: [1024, 10], b3: [10] },
  classify: (p, images) => layer(p, tf.relu(layer(p, tf.relu(layer(p, images, 1, firstLinear)), 2)), 3),
  epochs: Number(process.argv[3] ?? 5),
  batchSize: 400,
  rate: 1e-3,
};

/** Trains on Fashion-MNIST and writes .lcc/bench/fashion-mlp.onnx: `image` float32[1,1,28,28] to `logits` float32[1,10]. */
async function main(folder: string): Promise<void> {
  const { parameters, accuracy } = await trainClassifier(recipe, folder, makeRandom(1));
  const out = join('.lcc', 'bench');
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'fashion-mlp.onnx'), exportOnnx(parameters));
  console.log(`${(100 * accuracy).toFixed(2)} % of the test images are right`);
}

function exportOnnx(initializers: Readonly<Record<string, Tensor>>): Uint8Array {
  const gemm = (input: string, i: number, output: string) => ({
    op: 'Gemm',
    name: `linear${i}`,
    inputs: [input, `w${i}`, `b${i}`],
    outputs: [output],
  });
  return writeOnnx({
    name: 'fashion-mlp',
    opset: 21,
    inputs: [{ name: 'image', dtype: 'float32', shape: [1, 1, 28, 28] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: [1, 10] }],
    nodes: [
      { op: 'Flatten', inputs: ['image'], outputs: ['flat'] },
      gemm('flat', 1, 'sum1'),
      { op: 'Relu', inputs: ['sum1'], outputs: ['h1'] },
      gemm('h1', 2, 'sum2'),
      { op: 'Relu', inputs: ['sum2'], outputs: ['h2'] },
      gemm('h2', 3, 'logits'),
    ],
    initializers,
  });
}

await main(process.argv[2] ?? join(process.env.LCC_SHARED ?? '../shared', 'data', 'fashion-mnist'));
