import * as tf from '@tensorflow/tfjs';
import { blockSize, simdOf } from './simd-functions.ts';
import { floatsOf, makeKernel, offsetOf, sizeOf } from './wasm-kernel.ts';

/** t where the condition holds, else e, all of one shape. */
export const select = makeKernel<'condition' | 't' | 'e'>(
  tf.Select,
  ({ inputs: { condition, t, e }, backend }, native) => {
    const size = sizeOf(t.shape);
    if (t.dtype !== 'float32' || e.dtype !== 'float32' || sizeOf(condition.shape) !== size) return native();
    const y = backend.makeOutput(t.shape, 'float32');
    const blocks = Math.floor(size / blockSize);
    if (blocks > 0) {
      const [atCondition = 0, atT = 0, atE = 0, atY = 0] = [condition, t, e, y].map((x) => offsetOf(backend, x));
      simdOf(backend).select(atCondition, atT, atE, atY, blocks);
    }
    const holds = backend.typedArrayFromHeap(condition);
    const [fromT, fromE, to] = [floatsOf(backend, t), floatsOf(backend, e), floatsOf(backend, y)];
    for (let i = blocks * blockSize; i < size; i++) to[i] = (holds[i] ? fromT[i] : fromE[i]) as number;
    return y;
  },
);
