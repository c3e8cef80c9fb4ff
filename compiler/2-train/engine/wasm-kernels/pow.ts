import * as tf from '@tensorflow/tfjs';
import { onExpanded } from './binary.ts';
import { floatsOf, makeKernel, runKernel, sizeOf, type TensorInfo, type WasmBackend } from './wasm-kernel.ts';

/** Powers that have a kernel of their own. */
const kernels = new Map([
  [-1, tf.Reciprocal],
  [-0.5, tf.Rsqrt],
  [0.5, tf.Sqrt],
  [1, tf.Identity],
  [2, tf.Square],
]);

/** a to the b; the usual constant exponents without a logarithm. */
export const pow = makeKernel<'a' | 'b'>(tf.Pow, ({ inputs: { a, b }, backend }, native) => {
  const isConstant = sizeOf(b.shape) === 1 && b.shape.length <= a.shape.length;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return native();
  const exponent = isConstant ? floatsOf(backend, b)[0] : undefined;
  const kernel = exponent === undefined ? undefined : kernels.get(exponent);
  if (kernel) return runKernel(backend, kernel, { x: a });
  return exponent === 3 ? cube(backend, a) : onExpanded(backend, { a, b }, native);
});

function cube(backend: WasmBackend, x: TensorInfo): TensorInfo {
  const square = runKernel(backend, tf.Square, { x });
  const y = runKernel(backend, tf.Multiply, { a: square, b: x });
  backend.disposeData(square.dataId);
  return y;
}
