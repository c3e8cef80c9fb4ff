import * as tf from '@tensorflow/tfjs';
import type { WrittenNode } from '../../../../compiler/1-ingest/onnx/write.ts';
import { tensorOf } from '../../../../compiler/tensor/convert.ts';
import { pixels } from '../../../../samples/digits/train/mnist.ts';
import { adam } from './adam.ts';
import { affine, affineNode, affineStarts } from './affine.ts';
import { trainAndWrite } from './train-and-write.ts';
import type { Recipe, Trained } from './train-classifier.ts';

const width = 128;
const hidden = 512;
const slope = 0.01;
const blocks = [1, 2, 3, 4] as const;

/** papers.md 7.1: 784 -> 128 relu -> 4 x [x + W2 PReLU(W1 x)], 512 hidden units, slope 0.01 -> 10. */
const recipe: Recipe = {
  starts: {
    ...affineStarts('stem', pixels, width),
    // a sum of branches: each starts small
    ...Object.assign(
      {},
      ...blocks.map((b) => ({
        ...affineStarts(`up${b}`, width, hidden),
        ...affineStarts(`down${b}`, hidden, width, 0.5),
      })),
    ),
    ...affineStarts('head', width, 10),
  },
  classify: (p, images) => {
    const stem: tf.Tensor2D = tf.relu(affine(p, images, 'stem'));
    const last = blocks.reduce(
      (x, b): tf.Tensor2D => tf.add(x, affine(p, tf.leakyRelu(affine(p, x, `up${b}`), slope), `down${b}`)),
      stem,
    );
    return affine(p, last, 'head');
  },
  optimiser: adam,
  epochs: 15,
  batchSize: 128,
  rate: 1e-3,
};

const block = (b: number): WrittenNode[] => [
  affineNode(`x${b - 1}`, `up${b}`, `up${b}.y`),
  { op: 'PRelu', inputs: [`up${b}.y`, 'slope'], outputs: [`h${b}`] },
  affineNode(`h${b}`, `down${b}`, `down${b}.y`),
  { op: 'Add', inputs: [`x${b - 1}`, `down${b}.y`], outputs: [`x${b}`] },
];

const nodes: readonly WrittenNode[] = [
  affineNode('flat', 'stem', 'stem.y'),
  { op: 'Relu', inputs: ['stem.y'], outputs: ['x0'] },
  ...blocks.flatMap(block),
  affineNode('x4', 'head', 'logits'),
];

const withSlope = (parameters: Trained['parameters'], of: number): Trained['parameters'] => ({
  ...parameters,
  slope: tensorOf('float32', [1], [of]),
});

/** Trains on MNIST, and writes the same with slope 1 too: blindly collapsible blocks. */
await trainAndWrite('mnist', recipe, (parameters) => [
  { file: 'residual-mlp', name: 'residual-mlp', nodes, initializers: withSlope(parameters, slope) },
  { file: 'residual-mlp-slope-1', name: 'residual-mlp', nodes, initializers: withSlope(parameters, 1) },
]);
