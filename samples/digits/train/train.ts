import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { augment } from './augment.ts';
import { type Digits, pixels, readMnist } from './mnist.ts';
import { classify, exportOnnx, makeParameters, type Parameters } from './network.ts';
import { makeRandom, type Random } from './random.ts';

const seed = 1;
const epochs = 8;
const batchSize = 100;
const peakRate = 0.05;
const warmUp = 300;
const tellAfterMs = 5000;

/** Trains from the folder of MNIST on the command line and writes model.onnx and accuracy.json beside this folder. */
async function main(folder: string | undefined): Promise<void> {
  if (folder === undefined) throw new Error('Name the folder that holds the four .gz files of MNIST.');
  setWasmPaths(join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  await tf.setBackend('wasm');
  const random = makeRandom(seed);
  const parameters = makeParameters(random);
  train(parameters, readMnist(folder, 'train'), random);
  const test = readMnist(folder, 't10k');
  const correct = countCorrect(parameters, test);
  const sample = dirname(dirname(fileURLToPath(import.meta.url)));
  writeFileSync(join(sample, 'model.onnx'), exportOnnx(parameters));
  const record = { dataSet: 'MNIST', testImages: test.count, correct, accuracy: correct / test.count, seed, epochs };
  writeFileSync(join(sample, 'accuracy.json'), `${JSON.stringify(record, undefined, 2)}\n`);
  console.log(`${correct} of ${test.count} test images are right`);
}

/** Momentum with a learning rate that rises linearly, then falls as half a cosine to 0. */
function train(parameters: Parameters, digits: Digits, random: Random): void {
  const steps = Math.floor(digits.count / batchSize);
  const optimizer = tf.train.momentum(peakRate, 0.9, true);
  let told = performance.now();
  for (let epoch = 0; epoch < epochs; epoch++) {
    const start = performance.now();
    const order = random.permutation(digits.count);
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const done = epoch * steps + step;
      const fall = 0.5 + 0.5 * Math.cos((Math.PI * done) / (epochs * steps));
      optimizer.setLearningRate(peakRate * fall * Math.min(1, (done + 1) / warmUp));
      const batch = order.subarray(step * batchSize, (step + 1) * batchSize);
      sum += trainStep(parameters, optimizer, digits, batch, random);
      if (performance.now() - told < tellAfterMs) continue;
      told = performance.now();
      console.log(`epoch ${epoch + 1} of ${epochs}: step ${step + 1} of ${steps}`);
    }
    const seconds = (performance.now() - start) / 1000;
    console.log(`epoch ${epoch + 1} of ${epochs}: loss ${(sum / steps).toFixed(4)}, ${seconds.toFixed(0)} s`);
  }
}

/** One step on augmented images; returns the mean loss of the batch. */
function trainStep(
  parameters: Parameters,
  optimizer: tf.Optimizer,
  digits: Digits,
  batch: Uint32Array,
  random: Random,
): number {
  const images = new Float32Array(batch.length * pixels);
  batch.forEach((digit, i) => {
    const image = digits.images.subarray(digit * pixels, (digit + 1) * pixels);
    augment(image, images.subarray(i * pixels, (i + 1) * pixels), random);
  });
  const labels = Int32Array.from(batch, (digit) => digits.labels[digit] ?? 0);
  return tf.tidy(() => {
    const x = tf.tensor2d(images, [batch.length, pixels]);
    const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
    const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(wanted, classify(parameters, x)), true);
    return loss?.dataSync()[0] ?? Number.NaN;
  });
}

function countCorrect(parameters: Parameters, { count, images, labels }: Digits): number {
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

await main(process.argv[2]);
