import * as tf from '@tensorflow/tfjs';
import { type Heap, makeKernel, share, sizeOf, withShape } from './wasm-kernel.ts';

interface Attributes {
  readonly perm: readonly number[];
}

/** Axes of which tfjs still transposes fast. */
const fastRank = 4;

/** Axes in another order; those that stay neighbours move as one. */
export const transpose = makeKernel<'x', Attributes>(
  tf.Transpose,
  ({ inputs: { x }, attrs: { perm }, backend }, native) => {
    const shape = perm.map((axis) => x.shape[axis] ?? 1);
    const joined = joinNeighbours(x.shape, perm);
    if (joined.order.every((axis, index) => axis === index)) return share(backend, x, shape);
    if (joined.order.length <= fastRank)
      return withShape(native({ x: withShape(x, joined.extents) }, { perm: joined.order }), shape);
    const y = backend.makeOutput(shape, x.dtype);
    if (sizeOf(shape) > 0) copyRuns(backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(y), joined);
    return y;
  },
);

interface Order {
  /** of the axes of x */
  readonly extents: number[];
  /** axes of x in the order of y's */
  readonly order: number[];
}

/** Without axes of one element, and with neighbours that stay so joined. */
function joinNeighbours(shape: readonly number[], perm: readonly number[]): Order {
  const groups: number[][] = [];
  let last = -1;
  for (const axis of perm.filter((one) => shape[one] !== 1)) {
    const isNext = shape.slice(last + 1, axis).every((extent) => extent === 1);
    if (last >= 0 && last < axis && isNext) groups.at(-1)?.push(axis);
    else groups.push([axis]);
    last = axis;
  }
  const sorted = [...groups].sort(([a = 0], [b = 0]) => a - b);
  return {
    extents: sorted.map((group) => group.reduce((size, axis) => size * (shape[axis] ?? 1), 1)),
    order: groups.map((group) => sorted.indexOf(group)),
  };
}

/** Writes y in its order; where the last axis stays the last, its elements as one run. */
function copyRuns(from: Heap, to: Heap, { extents, order }: Order): void {
  const isRun = order.at(-1) === order.length - 1;
  const run = isRun ? (extents.at(-1) ?? 1) : 1;
  const axes = (isRun ? order.slice(0, -1) : order).map((axis) => ({
    extent: extents[axis] ?? 1,
    step: sizeOf(extents.slice(axis + 1)),
  }));
  const [last, ...outer] = [...axes].reverse();
  if (!last) throw new Error('internal: nothing to transpose');
  const places = outer.map(() => 0);
  for (let read = 0, written = 0; written < to.length; ) {
    for (let i = 0; i < last.extent; i++, written += run) {
      const at = read + i * last.step;
      if (run === 1) to[written] = from[at] as number;
      else to.set(from.subarray(at, at + run), written);
    }
    for (const [level, { extent, step }] of outer.entries()) {
      read += step;
      places[level] = (places[level] ?? 0) + 1;
      if (places[level] < extent) break;
      read -= extent * step;
      places[level] = 0;
    }
  }
}
