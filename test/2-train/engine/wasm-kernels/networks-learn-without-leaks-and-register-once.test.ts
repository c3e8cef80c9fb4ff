import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerWasmKernels } from '../../../../compiler/2-train/engine/wasm-kernels/index.ts';
import { sizeOf, valuesOf } from './differences.ts';
import { startWasm } from './start-wasm.ts';

interface Network {
  readonly name: string;
  readonly shapes: readonly number[][];
  readonly loss: (parameters: readonly tf.Tensor[]) => tf.Scalar;
}

const tensorOf = (shape: number[], seed: number, scale = 1): tf.Tensor =>
  tf.tensor(
    valuesOf(sizeOf(shape), seed).map((value) => scale * value),
    shape,
  );

const normalise = (x: tf.Tensor, axes: number | number[], scale: tf.Tensor, shift: tf.Tensor): tf.Tensor => {
  const { mean, variance } = tf.moments(x, axes, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3))), scale), shift);
};

const labels = (count: number, classes: number) => tf.oneHot(tf.range(0, count, 1, 'int32'), classes);
const asImage = (x: tf.Tensor) => x as tf.Tensor4D;

const picture: Network = {
  name: 'convolutions, batch norm, pools',
  shapes: [[3, 3, 2, 8], [8], [8], [3, 3, 8, 1], [3, 3, 8, 5], [2, 2, 5, 6], [6, 4]],
  loss: ([first, scale, shift, depthwise, strided, dilated, last]) => {
    const x = tensorOf([4, 9, 8, 2], 1);
    const one = tf.relu(normalise(tf.conv2d(asImage(x), asImage(first!), 1, 'same'), [0, 1, 2], scale!, shift!));
    const two = tf.leakyRelu(tf.depthwiseConv2d(asImage(one), asImage(depthwise!), 1, 'same'));
    const three = tf.tanh(tf.conv2d(asImage(tf.maxPool(asImage(two), 2, 1, 'same')), asImage(strided!), 2, 'same'));
    const four = tf.conv2d(asImage(three), asImage(dilated!), 1, 'same', 'NHWC', 2);
    const pooled = tf.mean(tf.avgPool(asImage(four), 2, 2, 'same'), [1, 2]);
    return tf.losses
      .softmaxCrossEntropy(labels(4, 4), tf.matMul(pooled as tf.Tensor2D, last as tf.Tensor2D))
      .asScalar();
  },
};

const text: Network = {
  name: 'embedding, attention, layer norm, gelu',
  shapes: [[11, 8], [8, 24], [8, 8], [8], [8], [8, 16], [16, 8], [8, 11]],
  loss: ([embedding, projections, out, scale, shift, up, down, last]) => {
    const words = tf.tensor1d([1, 1, 4, 10, 0, 4, 4, 2], 'int32');
    const x = tf.gather(embedding!, words);
    const split = tf.reshape(tf.matMul(normalise(x, -1, scale!, shift!), projections!), [2, 4, 3, 2, 4]);
    const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]));
    const weights = tf.softmax(tf.mul(tf.matMul(q!, k!, false, true), 0.5));
    const mixed = tf.reshape(tf.transpose(tf.matMul(weights, v!), [0, 2, 1, 3]), [8, 8]);
    const y = tf.add(x, tf.matMul(mixed, out!));
    const hidden = tf.matMul(y, up!);
    const gelu = tf.mul(hidden, tf.add(tf.mul(tf.erf(tf.mul(hidden, Math.SQRT1_2)), 0.5), 0.5));
    const logits = tf.matMul(tf.add(y, tf.matMul(gelu, down!)), last!);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(words, 11), logits).asScalar();
  },
};

const heap = () => (tf.backend() as tf.KernelBackend & { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;
beforeAll(async () => {
  await startWasm();
  // tfjs takes what a custom gradient saves, as that of its cross entropy does, for a leak of the kernel.
  tf.env().set('IS_TEST', false);
});

describe.each([picture, text])('$name', ({ shapes, loss }) => {
  const count = () => tf.memory().numTensors;
  test('the gradients are those of the loss along a direction', () => {
    const before = count();
    const parameters = shapes.map((shape, i) => tf.tidy(() => tf.variable(tensorOf(shape, i + 2, 0.7))));
    const directions = shapes.map((shape, i) => tensorOf(shape, i + 20));
    const { value, grads } = tf.variableGrads(() => loss(parameters), parameters);
    expect(count() - before).toBe(1 + 3 * parameters.length);
    for (const [i, parameter] of parameters.entries()) {
      const gradient = grads[parameter.name]!;
      expect(gradient.shape).toEqual(shapes[i]);
      const along = tf.tidy(() => tf.sum(tf.mul(gradient, directions[i]!)).dataSync()[0]!);
      const at = (step: number) =>
        tf.tidy(() => {
          const moved = parameters.map((one, j) => (i === j ? tf.add(one, tf.mul(directions[i]!, step)) : one));
          return loss(moved).dataSync()[0]!;
        });
      const step = 2 ** -11;
      expect(Math.abs((at(step) - at(-step)) / (2 * step) - along)).toBeLessThan(1e-3 * Math.max(1, Math.abs(along)));
    }
    tf.dispose([value, grads, directions, parameters]);
    expect(count()).toBe(before);
  });

  test('500 steps take no more memory than 50', () => {
    const before = count();
    const parameters = shapes.map((shape, i) => tf.tidy(() => tf.variable(tensorOf(shape, i + 2, 0.7))));
    const optimiser = tf.train.adam(1e-3);
    const losses: number[] = [];
    const run = (steps: number) => {
      for (let step = 0; step < steps; step++)
        losses.push(tf.tidy(() => optimiser.minimize(() => loss(parameters), true, parameters)!.dataSync()[0]!));
      return { ...tf.memory(), heap: heap() };
    };
    const after = run(50);
    const later = run(450);
    expect(later).toEqual(after);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    optimiser.dispose();
    tf.dispose(parameters);
    expect(count()).toBe(before);
  });
});

test('registering again changes nothing', () => {
  const before = tf.getKernelsForBackend('wasm');
  const gradient = tf.getGradient(tf.Conv2D);
  registerWasmKernels();
  expect(tf.getKernelsForBackend('wasm')).toEqual(before);
  for (const kernel of before) expect(tf.getKernel(kernel.kernelName, 'wasm')).toBe(kernel);
  expect(tf.getGradient(tf.Conv2D)).toBe(gradient);
});

test('other backends keep the gradients of tfjs', async () => {
  await tf.setBackend('cpu');
  const dilated = () =>
    tf.grad((x: tf.Tensor) => tf.sum(tf.conv2d(asImage(x), tf.ones([2, 2, 1, 1]), 1, 'same', 'NHWC', 2)))(
      tf.ones([1, 4, 4, 1]),
    );
  expect(() => tf.tidy(dilated)).toThrow('dilation rates greater than 1');
  await tf.setBackend('wasm');
  expect(tf.tidy(() => dilated().shape)).toEqual([1, 4, 4, 1]);
});
