import * as tf from '@tensorflow/tfjs';
import { broadcastGradients } from './wasm-kernels/broadcast-gradients.ts';
import { conv2DGradient, depthwiseConv2DGradient } from './wasm-kernels/conv-gradients.ts';
import { einsumGradient } from './wasm-kernels/einsum.ts';
import type { Gradient } from './wasm-kernels/gradient.ts';

const gradients: readonly Gradient[] = [conv2DGradient, depthwiseConv2DGradient, ...broadcastGradients, einsumGradient];

const mark: unique symbol = Symbol.for('lcc: gradients');

/** Gradients that tfjs lacks or has wrong, whatever backend computes them; a second call changes nothing. */
export function registerGradients(): void {
  for (const { name, make } of gradients) {
    const native = tf.getGradient(name);
    if (native && mark in native) continue;
    const config: tf.GradConfig & { [mark]: true } = { ...make(native), [mark]: true };
    tf.registerGradient(config);
  }
}
