import * as tf from '@tensorflow/tfjs';
import { makeKernel, share, type WasmKernel } from './wasm-kernel.ts';

/** x itself, counted as used twice, where tfjs copies it: every tensor that a gradient saves is such a clone. */
const identity = makeKernel<'x'>(tf.Identity, ({ inputs: { x }, backend }) => share(backend, x, x.shape));

const cast = makeKernel<'x', { readonly dtype: tf.DataType }>(
  tf.Cast,
  ({ inputs: { x }, attrs: { dtype }, backend }, native) => (x.dtype === dtype ? share(backend, x, x.shape) : native()),
);

export const identityKernels: readonly WasmKernel[] = [identity, cast];
