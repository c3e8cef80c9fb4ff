import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { useWasm } from '../../../../compiler/2-train/engine/wasm-backend.ts';

/** tfjs on wasm, which then checks after every kernel that it gave back what it made (IS_TEST). */
export async function startWasm(): Promise<void> {
  tf.env().set('IS_TEST', true);
  expect(await useWasm()).toBe(true);
}

/** What f answers, having left no tensor behind. */
export function read(f: () => tf.Tensor): Float32Array | Int32Array | Uint8Array {
  const before = tf.memory().numTensors;
  const values = tf.tidy(() => f().dataSync());
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

/** d(sum of weights * f(inputs)) / d(inputs), by tfjs. */
export function derive(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly (readonly [values: readonly number[], shape: number[]])[],
  weights: readonly number[],
): Float32Array[] {
  const before = tf.memory().numTensors;
  const found = tf.tidy(() => {
    const tensors = inputs.map(([values, shape]) => tf.tensor([...values], shape, 'float32'));
    const loss = (...given: tf.Tensor[]) => {
      const y = f(...given);
      return tf.sum(tf.mul(y, tf.tensor([...weights], y.shape, 'float32')));
    };
    return tf
      .grads(loss)(tensors)
      .map((gradient, i) => {
        expect(gradient.shape).toEqual(inputs[i]![1]);
        return Float32Array.from(gradient.dataSync());
      });
  });
  expect(tf.memory().numTensors).toBe(before);
  return found;
}
