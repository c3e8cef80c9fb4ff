import * as tf from '@tensorflow/tfjs';
import { floatsOf, makeKernel, makeZeros, sizeOf } from './wasm-kernel.ts';

interface Attributes {
  readonly numSegments: number;
}

/** x [...ids, ...inner] and ids to [segments, ...inner]: what has one id is added; an id outside 0 .. segments-1 is dropped. */
export const unsortedSegmentSum = makeKernel<'x' | 'segmentIds', Attributes>(
  tf.UnsortedSegmentSum,
  ({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) => {
    const inner = x.shape.slice(segmentIds.shape.length);
    const size = sizeOf(inner);
    const sums = makeZeros(backend, [numSegments, ...inner]);
    const [from, to] = [floatsOf(backend, x), floatsOf(backend, sums)];
    backend.typedArrayFromHeap(segmentIds).forEach((segment, index) => {
      if (segment < 0 || segment >= numSegments) return;
      const at = index * size;
      const sumAt = segment * size;
      for (let i = 0; i < size; i++) to[sumAt + i] = (to[sumAt + i] as number) + (from[at + i] as number);
    });
    return sums;
  },
);
