import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { type WrittenNode, writeOnnx } from '../../../../compiler/1-ingest/onnx/write.ts';
import { tensorOf } from '../../../../compiler/tensor/convert.ts';
import type { Tensor } from '../../../../compiler/tensor/tensor.ts';
import { linear } from '../../../../samples/digits/train/layers.ts';
import { pixels } from '../../../../samples/digits/train/mnist.ts';
import { makeRandom } from '../../../../samples/digits/train/random.ts';
import { type Parameters, type Recipe, type Shapes, trainClassifier } from './train-classifier.ts';

const width = 128;
const hidden = 512;
const slope = 0.01;
const blocks = [1, 2, 3, 4] as const;

const affine = (p: Parameters, x: tf.Tensor2D, name: string): tf.Tensor2D =>
  tf.add(linear(x, p[`${name}.w`] as tf.Tensor2D), p[`${name}.b`] as tf.Tensor1D);

const layerShapes = (name: string, inputs: number, outputs: number): Shapes => ({
  [`${name}.w`]: [inputs, outputs],
  [`${name}.b`]: [outputs],
});

/** papers.md 7.1: 784 -> 128 relu -> 4 x [x + W2 PReLU(W1 x)], 512 hidden units, slope 0.01 -> 10. */
const recipe: Recipe = {
  shapes: {
    ...layerShapes('stem', pixels, width),
    ...Object.assign(
      {},
      ...blocks.map((b) => ({ ...layerShapes(`up${b}`, width, hidden), ...layerShapes(`down${b}`, hidden, width) })),
    ),
    ...layerShapes('head', width, 10),
  },
  // a sum of branches: each starts small
  gainOf: (name) => (name.startsWith('down') ? 0.5 : 1),
  classify: (p, images) => {
    const stem: tf.Tensor2D = tf.relu(affine(p, images, 'stem'));
    const last = blocks.reduce(
      (x, b): tf.Tensor2D => tf.add(x, affine(p, tf.leakyRelu(affine(p, x, `up${b}`), slope), `down${b}`)),
      stem,
    );
    return affine(p, last, 'head');
  },
  epochs: Number(process.argv[3] ?? 15),
  batchSize: 128,
  rate: 1e-3,
};

/** Trains on MNIST and writes .lcc/bench/residual-mlp.onnx, and the same with slope 1: blindly collapsible blocks. */
async function main(folder: string): Promise<void> {
  const { parameters, accuracy } = await trainClassifier(recipe, folder, makeRandom(1));
  const out = join('.lcc', 'bench');
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'residual-mlp.onnx'), exportOnnx(parameters, slope));
  await writeFile(join(out, 'residual-mlp-slope-1.onnx'), exportOnnx(parameters, 1));
  console.log(`${(100 * accuracy).toFixed(2)} % of the test images are right`);
}

function exportOnnx(parameters: Readonly<Record<string, Tensor>>, of: number): Uint8Array {
  const gemm = (input: string, layer: string, output: string): WrittenNode => ({
    op: 'Gemm',
    name: layer,
    inputs: [input, `${layer}.w`, `${layer}.b`],
    outputs: [output],
  });
  const block = (b: number): WrittenNode[] => [
    gemm(`x${b - 1}`, `up${b}`, `up${b}.y`),
    { op: 'PRelu', inputs: [`up${b}.y`, 'slope'], outputs: [`h${b}`] },
    gemm(`h${b}`, `down${b}`, `down${b}.y`),
    { op: 'Add', inputs: [`x${b - 1}`, `down${b}.y`], outputs: [`x${b}`] },
  ];
  return writeOnnx({
    name: 'residual-mlp',
    opset: 21,
    inputs: [{ name: 'image', dtype: 'float32', shape: [1, 1, 28, 28] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: [1, 10] }],
    nodes: [
      { op: 'Flatten', inputs: ['image'], outputs: ['flat'] },
      gemm('flat', 'stem', 'stem.y'),
      { op: 'Relu', inputs: ['stem.y'], outputs: ['x0'] },
      ...blocks.flatMap(block),
      gemm('x4', 'head', 'logits'),
    ],
    initializers: { ...parameters, slope: tensorOf('float32', [1], [of]) },
  });
}

await main(process.argv[2] ?? join(process.env.LCC_SHARED ?? '../shared', 'data', 'mnist'));
