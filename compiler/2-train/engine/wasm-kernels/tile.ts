import * as tf from '@tensorflow/tfjs';
import { type Heap, makeKernel, sizeOf } from './wasm-kernel.ts';

interface Attributes {
  readonly reps: readonly number[];
}

/** x, `reps` times along each axis: runs of memory, doubled. */
export const tile = makeKernel<'x', Attributes>(tf.Tile, ({ inputs: { x }, attrs: { reps }, backend }) => {
  const y = backend.makeOutput(
    x.shape.map((extent, axis) => extent * (reps[axis] ?? 1)),
    x.dtype,
  );
  if (sizeOf(y.shape) > 0)
    writeTiles(backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(y), axesOf(x.shape, reps));
  return y;
});

interface Axis {
  readonly extent: number;
  readonly reps: number;
  /** elements of x below this axis, itself included */
  readonly size: number;
  readonly isRun: boolean;
}

/** From the outermost in; axes within which nothing is repeated are one run with theirs. */
const axesOf = (shape: readonly number[], reps: readonly number[]): readonly Axis[] =>
  shape.map((extent, axis) => ({
    extent,
    reps: reps[axis] ?? 1,
    size: sizeOf(shape.slice(axis)),
    isRun: reps.slice(axis + 1).every((rep) => rep === 1),
  }));

function writeTiles(from: Heap, to: Heap, axes: readonly Axis[]): void {
  /** Writes what `depth` and the axes within it make of x from `read` on; returns where that ends. */
  const write = (depth: number, read: number, at: number): number => {
    const axis = axes[depth];
    if (!axis) {
      to[at] = from[read] as number;
      return at + 1;
    }
    let end = at;
    if (axis.isRun) {
      to.set(from.subarray(read, read + axis.size), at);
      end = at + axis.size;
    } else {
      const step = axis.size / axis.extent;
      for (let i = 0; i < axis.extent; i++) end = write(depth + 1, read + i * step, end);
    }
    return repeat(to, at, end - at, axis.reps);
  };
  write(0, 0, 0);
}

/** Repeats the `size` elements at `at`; returns where the last repetition ends. */
function repeat(to: Heap, at: number, size: number, reps: number): number {
  const end = at + size * reps;
  if (size === 1) to.fill(to[at] as number, at + 1, end);
  else
    for (let done = size; done < end - at; done *= 2)
      to.copyWithin(at + done, at, at + Math.min(done, end - at - done));
  return end;
}
