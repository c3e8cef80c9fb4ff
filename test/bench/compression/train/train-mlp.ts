import * as tf from '@tensorflow/tfjs';
import type { WrittenNode } from '../../../../compiler/1-ingest/onnx/write.ts';
import { linear } from '../../../../samples/digits/train/layers.ts';
import { pixels } from '../../../../samples/digits/train/mnist.ts';
import { evaluationImages } from '../image-sources.ts';
import { affine, affineNode, affineStarts } from './affine.ts';
import { batchNorm, batchNormInTraining, batchNormNode, batchNormStarts } from './batch-norm.ts';
import { matrix, parameterOf } from './parameters.ts';
import { sgd } from './sgd.ts';
import { trainAndWrite } from './train-and-write.ts';
import type { Recipe } from './train-classifier.ts';

const width = 1024;

/** Images times w [in, out]: no gradient of the images, which is a fifth of the work. */
const firstLinear = (images: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor2D =>
  tf.customGrad<tf.Tensor2D>((weights) => ({
    value: tf.matMul(images, weights as tf.Tensor2D),
    gradFunc: (dy) => tf.matMul(tf.transpose(images), dy),
  }))(w);

/** papers.md 7.3: 784 -> [linear -> batch normalisation -> relu] of 1024, twice -> linear 10. */
const recipe: Recipe = {
  starts: {
    'linear1.w': matrix(pixels, width),
    ...batchNormStarts('norm1', width),
    'linear2.w': matrix(width, width),
    ...batchNormStarts('norm2', width),
    ...affineStarts('linear3', width, 10),
  },
  classify: (p, images, isTraining) => {
    const normalise = isTraining ? batchNormInTraining : batchNorm;
    const h1 = tf.relu(normalise(p, firstLinear(images, parameterOf(p, 'linear1.w')), 'norm1'));
    const h2 = tf.relu(normalise(p, linear(h1, parameterOf(p, 'linear2.w')), 'norm2'));
    return affine(p, h2, 'linear3');
  },
  optimiser: sgd({ momentum: 0.9, weightDecay: 1e-3 }),
  epochs: 4,
  batchSize: 128,
  rate: 0.02,
  heldOut: evaluationImages,
};

const hiddenLayer = (input: string, i: number): WrittenNode[] => [
  { op: 'Gemm', name: `linear${i}`, inputs: [input, `linear${i}.w`], outputs: [`sum${i}`] },
  batchNormNode(`sum${i}`, `norm${i}`, `normal${i}`),
  { op: 'Relu', inputs: [`normal${i}`], outputs: [`h${i}`] },
];

/** Trains on Fashion-MNIST. */
await trainAndWrite('fashion-mnist', recipe, (initializers) => [
  {
    file: 'fashion-mlp',
    name: 'fashion-mlp',
    nodes: [...hiddenLayer('flat', 1), ...hiddenLayer('h1', 2), affineNode('h2', 'linear3', 'logits')],
    initializers,
  },
]);
