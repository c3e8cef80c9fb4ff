import * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, type ConvGeometry, convGeometry } from './conv-geometry.ts';
import { makeAddRun } from './runs.ts';
import {
  forget,
  makeKernel,
  makeZeros,
  memoryOf,
  offsetOf,
  runKernel,
  type TensorInfo,
  viewOf,
  type WasmBackend,
} from './wasm-kernel.ts';
import { windowRange } from './window-range.ts';

interface Attributes extends ConvAttributes {
  readonly filterShape: readonly number[];
}

/** Output positions that one product sums over, about: its right side then stays in the cache. */
const positionsAtOnce = 2048;
/** Elements of x that one product reads, at most, unless one tap reads more. */
const elementsAtOnce = 1 << 20;

/**
 * dfilter [kh, kw, c, o] of x [n, h, w, c] and dy [n, oh, ow, o]. With x as [c, h, w, n] and dy as [oh, ow, n, o], what a
 * tap reads for some rows of dy is runs of memory, [c, rows * ow * n], and its share is a product with those rows.
 */
export const conv2DBackpropFilter = makeKernel<'x' | 'dy', Attributes>(tf.Conv2DBackpropFilter, (call) => {
  const { inputs, attrs, backend } = call;
  const geometry = convGeometry(inputs.x.shape, attrs.filterShape, attrs, false);
  const x = runKernel(backend, tf.Transpose, { x: inputs.x }, { perm: [3, 1, 2, 0] });
  const dy = runKernel(backend, tf.Transpose, { x: inputs.dy }, { perm: [1, 2, 0, 3] });
  const filter = makeZeros(backend, attrs.filterShape);
  const rowsAtOnce = Math.max(1, Math.floor(positionsAtOnce / (geometry.outWidth * geometry.batchSize)));
  for (let row = 0; row < geometry.outHeight; row += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, geometry.outHeight - row);
    addRows(backend, geometry, x, dy, filter, { from: row, to: row + rows });
  }
  backend.disposeData(x.dataId);
  backend.disposeData(dy.dataId);
  return filter;
});

interface Rows {
  readonly from: number;
  readonly to: number;
}

function addRows(
  backend: WasmBackend,
  geometry: ConvGeometry,
  x: TensorInfo,
  dy: TensorInfo,
  filter: TensorInfo,
  rows: Rows,
): void {
  const { inChannels, outChannels, outWidth, batchSize, filterHeight, filterWidth } = geometry;
  const positions = (rows.to - rows.from) * outWidth * batchSize;
  const dyRows = viewOf(backend, dy, rows.from * outWidth * batchSize * outChannels, [positions, outChannels]);
  const taps = filterHeight * filterWidth;
  const tapsAtOnce = Math.max(1, Math.min(taps, Math.floor(elementsAtOnce / (inChannels * positions))));
  for (let tap = 0; tap < taps; tap += tapsAtOnce) {
    const count = Math.min(tapsAtOnce, taps - tap);
    const read = backend.makeOutput([count * inChannels, positions], 'float32');
    for (let i = 0; i < count; i++) readTap(backend, geometry, x, read, rows, tap + i, i);
    const share = runKernel(backend, tf.BatchMatMul, { a: read, b: dyRows }, { transposeA: false, transposeB: false });
    makeAddRun(backend, share, filter)(0, tap * inChannels * outChannels, count * inChannels * outChannels);
    backend.disposeData(read.dataId);
    backend.disposeData(share.dataId);
  }
  forget(backend, dyRows);
}

/** Writes what tap `tap` sees of x [c, h, w, n], zero outside, as lines `index` * c and on of `read`. */
function readTap(
  backend: WasmBackend,
  geometry: ConvGeometry,
  x: TensorInfo,
  read: TensorInfo,
  rows: Rows,
  tap: number,
  index: number,
): void {
  const { inChannels, inHeight, inWidth, outWidth, batchSize, strideHeight, strideWidth, padInfo } = geometry;
  const memory = memoryOf(backend);
  const below = Math.floor(tap / geometry.filterWidth) * geometry.dilationHeight - padInfo.top;
  const aside = (tap % geometry.filterWidth) * geometry.dilationWidth - padInfo.left;
  const inside = windowRange(outWidth, inWidth, strideWidth, aside);
  const line = outWidth * batchSize;
  let to = offsetOf(backend, read) / 4 + index * inChannels * (rows.to - rows.from) * line;
  for (let channel = 0; channel < inChannels; channel++) {
    const plane = offsetOf(backend, x) / 4 + channel * inHeight * inWidth * batchSize;
    for (let row = rows.from; row < rows.to; row++, to += line) {
      const y = row * strideHeight + below;
      if (y < 0 || y >= inHeight || inside.from === inside.to) {
        memory.fill(0, to, to + line);
        continue;
      }
      memory.fill(0, to, to + inside.from * batchSize);
      memory.fill(0, to + inside.to * batchSize, to + line);
      const from = plane + y * inWidth * batchSize;
      if (strideWidth === 1) {
        copy(
          memory,
          from + (inside.from + aside) * batchSize,
          to + inside.from * batchSize,
          (inside.to - inside.from) * batchSize,
        );
      } else {
        for (let column = inside.from; column < inside.to; column++)
          copy(memory, from + (column * strideWidth + aside) * batchSize, to + column * batchSize, batchSize);
      }
    }
  }
}

const shortest = 16;

function copy(memory: Float32Array, from: number, to: number, count: number): void {
  if (count >= shortest) memory.copyWithin(to, from, from + count);
  else for (let i = 0; i < count; i++) memory[to + i] = memory[from + i] as number;
}
