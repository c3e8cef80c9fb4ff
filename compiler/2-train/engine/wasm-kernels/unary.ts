import * as tf from '@tensorflow/tfjs';
import { laneCount, type SimdFunctions, simdOf, type UnaryFunction } from './simd-functions.ts';
import { floatsOf, makeKernel, offsetOf, runKernel, sizeOf, type WasmBackend, type WasmKernel } from './wasm-kernel.ts';

/** Element-wise functions of float32 that tfjs computes one element at a time. */
const inLanes = (name: string, functionOf: (simd: SimdFunctions) => UnaryFunction): WasmKernel =>
  makeKernel<'x'>(name, ({ inputs: { x }, backend }, native) => {
    if (x.dtype !== 'float32') return native();
    const y = backend.makeOutput(x.shape, 'float32');
    const call = functionOf(simdOf(backend));
    const lanes = Math.floor(sizeOf(x.shape) / laneCount);
    if (lanes > 0) call(offsetOf(backend, x), offsetOf(backend, y), lanes);
    const rest = sizeOf(x.shape) % laneCount;
    if (rest > 0) {
      const last = backend.makeOutput([2, laneCount], 'float32');
      const values = floatsOf(backend, last).fill(0);
      values.set(floatsOf(backend, x).subarray(-rest));
      call(offsetOf(backend, last), offsetOf(backend, last) + 4 * laneCount, 1);
      floatsOf(backend, y).set(values.subarray(laneCount, laneCount + rest), lanes * laneCount);
      backend.disposeData(last.dataId);
    }
    return y;
  });

function makeScalar(backend: WasmBackend, value: number) {
  const scalar = backend.makeOutput([], 'float32');
  floatsOf(backend, scalar)[0] = value;
  return scalar;
}

/** The greater of x and alpha x, or the lesser for an alpha above 1. */
const leakyRelu = makeKernel<'x', { readonly alpha: number }>(
  tf.LeakyRelu,
  ({ inputs: { x }, attrs: { alpha }, backend }, native) => {
    if (x.dtype !== 'float32' || alpha === 0) return native();
    const factor = makeScalar(backend, alpha);
    const scaled = runKernel(backend, tf.Multiply, { a: x, b: factor });
    const y = runKernel(backend, alpha > 1 ? tf.Minimum : tf.Maximum, { a: x, b: scaled });
    for (const { dataId } of [factor, scaled]) backend.disposeData(dataId);
    return y;
  },
);

export const unaryKernels: readonly WasmKernel[] = [
  inLanes(tf.Tanh, (simd) => simd.tanh),
  inLanes(tf.Erf, (simd) => simd.erf),
  inLanes(tf.Exp, (simd) => simd.exp),
  leakyRelu,
];
