import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { tensorOf } from '../../../../compiler/tensor/convert.ts';
import type { Tensor } from '../../../../compiler/tensor/tensor.ts';
import { type Digits, pixels, readMnist } from '../../../../samples/digits/train/mnist.ts';
import type { Random } from '../../../../samples/digits/train/random.ts';
import { type Adam, makeAdam } from './adam.ts';

/** Sizes of parameters by name: matrices [in, out], biases [out]. */
export type Shapes = Readonly<Record<string, readonly [number] | readonly [number, number]>>;
export type Parameters = Readonly<Record<string, tf.Variable>>;

export interface Recipe {
  readonly shapes: Shapes;
  /** images [n, 784] in 0..1 to logits [n, 10] */
  readonly classify: (parameters: Parameters, images: tf.Tensor2D) => tf.Tensor2D;
  /** of the matrix of that name, to multiply He's deviation with; 1 by default */
  readonly gainOf?: (name: string) => number;
  readonly epochs: number;
  readonly batchSize: number;
  /** falls as half a cosine to 0 */
  readonly rate: number;
}

export interface Trained {
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** on the 10,000 test images */
  readonly accuracy: number;
}

/** Trains on the four .gz files of `folder` with Adam; deterministic for one seed of `random`. */
export async function trainClassifier(recipe: Recipe, folder: string, random: Random): Promise<Trained> {
  setWasmPaths(join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  await tf.setBackend('wasm');
  const adam = makeAdam(makeParameters(recipe, random));
  const data = readMnist(folder, 'train');
  const { epochs, batchSize, rate } = recipe;
  const steps = Math.floor(data.count / batchSize);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const start = performance.now();
    const order = random.permutation(data.count);
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const done = (epoch * steps + step) / (epochs * steps);
      const batch = order.subarray(step * batchSize, (step + 1) * batchSize);
      sum += trainStep(recipe, adam, data, batch, rate * (0.5 + 0.5 * Math.cos(Math.PI * done)));
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(`epoch ${epoch + 1} of ${epochs}: loss ${(sum / steps).toFixed(4)}, ${seconds} s`);
  }
  const test = readMnist(folder, 't10k');
  return {
    accuracy: countCorrect(recipe, adam.parameters, test) / test.count,
    parameters: Object.fromEntries(
      Object.entries(adam.parameters).map(([name, v]) => [
        name,
        tensorOf('float32', v.shape, Array.from(v.dataSync())),
      ]),
    ),
  };
}

/** Weights by He et al. 2015 (normal, variance 2 / inputs), biases 0. */
function makeParameters({ shapes, gainOf = () => 1 }: Recipe, random: Random): Parameters {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const count = shape.reduce((product: number, n) => product * n, 1);
      const deviation = shape.length === 1 ? 0 : gainOf(name) * Math.sqrt(2 / shape[0]);
      const values = Float32Array.from({ length: count }, () => deviation * random.normal());
      return [name, tf.variable(tf.tensor(values, [...shape]), true, name)];
    }),
  );
}

function trainStep({ classify }: Recipe, adam: Adam, data: Digits, batch: Uint32Array, rate: number): number {
  const images = new Float32Array(batch.length * pixels);
  batch.forEach((at, i) => {
    for (let p = 0; p < pixels; p++) images[i * pixels + p] = (data.images[at * pixels + p] ?? 0) / 255;
  });
  const labels = Int32Array.from(batch, (at) => data.labels[at] ?? 0);
  return tf.tidy(() => {
    const x = tf.tensor2d(images, [batch.length, pixels]);
    const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
    return adam.step(() => tf.losses.softmaxCrossEntropy(wanted, classify(adam.parameters, x)).asScalar(), rate);
  });
}

function countCorrect({ classify }: Recipe, parameters: Parameters, { count, images, labels }: Digits): number {
  let correct = 0;
  for (let from = 0; from < count; from += 500) {
    const to = Math.min(count, from + 500);
    const scaled = Float32Array.from(images.subarray(from * pixels, to * pixels), (ink) => ink / 255);
    const answers = tf.tidy(() =>
      tf.argMax(classify(parameters, tf.tensor2d(scaled, [to - from, pixels])), 1).dataSync(),
    );
    answers.forEach((answer, i) => {
      if (answer === labels[from + i]) correct++;
    });
  }
  return correct;
}
