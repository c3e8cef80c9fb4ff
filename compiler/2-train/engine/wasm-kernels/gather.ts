import * as tf from '@tensorflow/tfjs';
import { makeKernel, sizeOf } from './wasm-kernel.ts';

interface Attributes {
  readonly axis: number;
  readonly batchDims: number;
}

/** x [...outer, n, ...inner] at indices to [...outer, ...indices, ...inner], a run of memory per index. */
export const gather = makeKernel<'x' | 'indices', Attributes>(
  tf.GatherV2,
  ({ inputs: { x, indices }, attrs: { axis, batchDims }, backend }, native) => {
    if (batchDims !== 0 || indices.dtype !== 'int32') return native();
    const at = tf.util.parseAxisParam(axis, x.shape)[0] ?? 0;
    const extent = x.shape[at] ?? 1;
    const outside = backend.typedArrayFromHeap(indices).find((index) => index < 0 || index >= extent);
    if (outside !== undefined) throw new RangeError(`internal: index ${outside} is not in 0 .. ${extent - 1}`);
    const size = sizeOf(x.shape.slice(at + 1));
    const y = backend.makeOutput([...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)], x.dtype);
    const [from, to] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(y)];
    const chosen = backend.typedArrayFromHeap(indices);
    const outer = sizeOf(x.shape.slice(0, at));
    for (let row = 0, written = 0; row < outer; row++)
      for (const index of chosen) {
        const start = (row * extent + index) * size;
        to.set(from.subarray(start, start + size), written);
        written += size;
      }
    return y;
  },
);
