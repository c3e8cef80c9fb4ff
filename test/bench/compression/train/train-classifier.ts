import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { tensorOf } from '../../../../compiler/tensor/convert.ts';
import type { Tensor } from '../../../../compiler/tensor/tensor.ts';
import { type Digits, pixels, readMnist } from '../../../../samples/digits/train/mnist.ts';
import type { Random } from '../../../../samples/digits/train/random.ts';
import type { ImageRange } from '../image-sources.ts';
import { makeStep, type Optimiser, type Step } from './optimiser.ts';
import { makeParameters, type Parameters, type Starts } from './parameters.ts';

/** A network and how it learns. */
export interface Recipe {
  readonly starts: Starts;
  /** images [n, 784] in 0..1 to logits [n, 10] */
  readonly classify: (parameters: Parameters, images: tf.Tensor2D, isTraining: boolean) => tf.Tensor2D;
  readonly optimiser: Optimiser;
  readonly epochs: number;
  readonly batchSize: number;
  /** falls as half a cosine to 0 */
  readonly rate: number;
  /** training images that it never sees; none where absent */
  readonly heldOut?: ImageRange;
}

export interface Trained {
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** on the 10,000 test images */
  readonly accuracy: number;
}

/** Trains on the four .gz files of `folder`; deterministic for one seed of `random`. */
export async function trainClassifier(recipe: Recipe, folder: string, random: Random): Promise<Trained> {
  setWasmPaths(join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  await tf.setBackend('wasm');
  const parameters = makeParameters(recipe.starts, random);
  train(recipe, parameters, readMnist(folder, 'train'), random);
  const test = readMnist(folder, 't10k');
  return {
    accuracy: countCorrect(recipe, parameters, test) / test.count,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, v]) => [name, tensorOf('float32', v.shape, Array.from(v.dataSync()))]),
    ),
  };
}

function train(recipe: Recipe, parameters: Parameters, data: Digits, random: Random): void {
  const { epochs, batchSize, rate, heldOut } = recipe;
  const takeStep = makeStep(parameters, recipe.optimiser);
  const seen = indicesOutside(data.count, heldOut);
  const steps = Math.floor(seen.length / batchSize);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const start = performance.now();
    const order = random.permutation(seen.length).map((i) => seen[i] ?? 0);
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const done = (epoch * steps + step) / (epochs * steps);
      const batch = order.subarray(step * batchSize, (step + 1) * batchSize);
      sum += trainOn(recipe, parameters, takeStep, data, batch, rate * (0.5 + 0.5 * Math.cos(Math.PI * done)));
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(`epoch ${epoch + 1} of ${epochs}: loss ${(sum / steps).toFixed(4)}, ${seconds} s`);
  }
}

/** 0 .. count-1 without those of the range. */
const indicesOutside = (count: number, range: ImageRange = { from: count, count: 0 }): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) => i).filter((i) => i < range.from || i >= range.from + range.count);

/** One step; returns the mean loss of the batch. */
function trainOn(
  { classify }: Recipe,
  parameters: Parameters,
  takeStep: Step,
  data: Digits,
  batch: Uint32Array,
  rate: number,
): number {
  const images = new Float32Array(batch.length * pixels);
  batch.forEach((at, i) => {
    for (let p = 0; p < pixels; p++) images[i * pixels + p] = (data.images[at * pixels + p] ?? 0) / 255;
  });
  const labels = Int32Array.from(batch, (at) => data.labels[at] ?? 0);
  return tf.tidy(() => {
    const x = tf.tensor2d(images, [batch.length, pixels]);
    const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
    return takeStep(() => tf.losses.softmaxCrossEntropy(wanted, classify(parameters, x, true)).asScalar(), rate);
  });
}

function countCorrect({ classify }: Recipe, parameters: Parameters, { count, images, labels }: Digits): number {
  let correct = 0;
  for (let from = 0; from < count; from += 500) {
    const to = Math.min(count, from + 500);
    const scaled = Float32Array.from(images.subarray(from * pixels, to * pixels), (ink) => ink / 255);
    const answers = tf.tidy(() =>
      tf.argMax(classify(parameters, tf.tensor2d(scaled, [to - from, pixels]), false), 1).dataSync(),
    );
    answers.forEach((answer, i) => {
      if (answer === labels[from + i]) correct++;
    });
  }
  return correct;
}
