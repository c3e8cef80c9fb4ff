import * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, type ConvGeometry, convGeometry, padsOfReverse } from './conv-geometry.ts';
import { reverseTaps } from './reverse-taps.ts';
import { type AddRun, makeAddRun } from './runs.ts';
import { visitWindows } from './visit-windows.ts';
import {
  forget,
  makeKernel,
  makeZeros,
  runKernel,
  type TensorInfo,
  viewOf,
  type WasmBackend,
  withShape,
} from './wasm-kernel.ts';

interface Attributes extends ConvAttributes {
  readonly inputShape: readonly number[];
}

/** Elements of the taps' shares that are made before they are added, unless one image has more. */
const elementsAtOnce = 1 << 20;

/**
 * dx [n, h, w, c] of dy [n, oh, ow, o] and filter [kh, kw, c, o]: at strides of 1 a convolution of dy with the filter
 * turned round, else every tap's share as one product, added where the tap read.
 */
export const conv2DBackpropInput = makeKernel<'dy' | 'filter', Attributes>(tf.Conv2DBackpropInput, (call) => {
  const { inputs, attrs, backend } = call;
  const geometry = convGeometry(attrs.inputShape, inputs.filter.shape, attrs, false);
  const pad = padsOfReverse(geometry);
  if (!pad) return addShares(backend, geometry, inputs.dy, inputs.filter);
  const filter = turnRound(backend, geometry, inputs.filter);
  const dilations = [geometry.dilationHeight, geometry.dilationWidth];
  const dx = runKernel(
    backend,
    tf.Conv2D,
    { x: inputs.dy, filter },
    { strides: 1, pad, dilations, dataFormat: 'NHWC' },
  );
  backend.disposeData(filter.dataId);
  return dx;
});

/** [kh, kw, c, o] to [kh, kw, o, c] with the taps in reverse. */
function turnRound(backend: WasmBackend, geometry: ConvGeometry, filter: TensorInfo): TensorInfo {
  const { filterHeight, filterWidth, inChannels, outChannels } = geometry;
  const turned = runKernel(backend, tf.Transpose, { x: filter }, { perm: [0, 1, 3, 2] });
  const reversed = reverseTaps(backend, turned, filterHeight * filterWidth, inChannels * outChannels);
  backend.disposeData(turned.dataId);
  return reversed;
}

function addShares(backend: WasmBackend, geometry: ConvGeometry, dy: TensorInfo, filter: TensorInfo): TensorInfo {
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterHeight, filterWidth } = geometry;
  const dx = makeZeros(backend, geometry.inShape);
  const width = filterHeight * filterWidth * inChannels;
  const matrix = runKernel(backend, tf.Transpose, { x: withShape(filter, [width, outChannels]) }, { perm: [1, 0] });
  const positions = outHeight * outWidth;
  const imagesAtOnce = Math.max(1, Math.floor(elementsAtOnce / (positions * width)));
  for (let image = 0; image < batchSize; image += imagesAtOnce) {
    const count = Math.min(imagesAtOnce, batchSize - image);
    const rows = viewOf(backend, dy, image * positions * outChannels, [count * positions, outChannels]);
    const shares = runKernel(backend, tf.BatchMatMul, { a: rows, b: matrix }, { transposeA: false, transposeB: false });
    const images = viewOf(backend, dx, image * geometry.inHeight * geometry.inWidth * inChannels, [
      count,
      ...geometry.inShape.slice(1),
    ]);
    addImages(geometry, makeAddRun(backend, shares, images), count);
    for (const view of [rows, images]) forget(backend, view);
    backend.disposeData(shares.dataId);
  }
  backend.disposeData(matrix.dataId);
  return dx;
}

/** Adds the shares [count, oh, ow, kh, kw, c] of some images where their taps read. */
function addImages(geometry: ConvGeometry, addRun: AddRun, count: number): void {
  const { filterWidth, inChannels, dilationWidth } = geometry;
  const width = geometry.filterHeight * filterWidth * inChannels;
  visitWindows({ ...geometry, batchSize: count }, (window, { image, top, left, high, wide }) => {
    const tapsInRun = dilationWidth === 1 ? wide.to - wide.from : 1;
    for (let i = high.from; i < high.to; i++)
      for (let j = wide.from; j < wide.to; j += tapsInRun) {
        const line = (image * geometry.inHeight + top + i * geometry.dilationHeight) * geometry.inWidth;
        const from = window * width + (i * filterWidth + j) * inChannels;
        addRun(from, (line + left + j * dilationWidth) * inChannels, tapsInRun * inChannels);
      }
  });
}
