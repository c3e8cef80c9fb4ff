import * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, type ConvGeometry, convGeometry, padsOfReverse } from './conv-geometry.ts';
import { reverseTaps } from './reverse-taps.ts';
import { makeAddProducts } from './runs.ts';
import { visitTaps } from './visit-windows.ts';
import {
  floatsOf,
  makeKernel,
  makeZeros,
  runKernel,
  type TensorInfo,
  type WasmBackend,
  type WasmKernel,
} from './wasm-kernel.ts';

interface FilterAttributes extends ConvAttributes {
  readonly filterShape: readonly number[];
}

interface InputAttributes extends ConvAttributes {
  readonly inputShape: readonly number[];
}

/** dfilter [kh, kw, c, m] of x [n, h, w, c] and dy [n, oh, ow, c * m]: an image in float32, the images in float64. */
const backpropFilter = makeKernel<'x' | 'dy', FilterAttributes>(
  tf.DepthwiseConv2dNativeBackpropFilter,
  ({ inputs: { x, dy }, attrs, backend }) => {
    const geometry = convGeometry(x.shape, attrs.filterShape, attrs, true);
    const filter = makeZeros(backend, attrs.filterShape);
    const part = floatsOf(backend, filter);
    const addTap =
      geometry.outChannels === geometry.inChannels
        ? makeAddProducts(backend, x, dy, filter, geometry.inChannels)
        : makeAddRepeated(backend, geometry, x, dy, filter);
    const sums = new Float64Array(part.length);
    const flush = () => {
      for (let i = 0; i < part.length; i++) sums[i] = (sums[i] as number) + (part[i] as number);
      part.fill(0);
    };
    const sizeOfImage = geometry.outHeight * geometry.outWidth * geometry.outChannels;
    let end = sizeOfImage;
    visitTaps(geometry, (xAt, dyAt, tap) => {
      for (; dyAt >= end; end += sizeOfImage) flush();
      addTap(xAt, dyAt, tap * geometry.outChannels);
    });
    flush();
    part.set(sums);
    return filter;
  },
);

/** As makeAddProducts, every channel of x with the multiplier's channels of dy. */
function makeAddRepeated(
  backend: WasmBackend,
  { inChannels, outChannels }: ConvGeometry,
  xInfo: TensorInfo,
  dyInfo: TensorInfo,
  filter: TensorInfo,
) {
  const [x, dy, sums] = [floatsOf(backend, xInfo), floatsOf(backend, dyInfo), floatsOf(backend, filter)];
  const multiplier = outChannels / inChannels;
  return (xAt: number, dyAt: number, at: number): void => {
    for (let c = 0, o = 0; c < inChannels; c++)
      for (let m = 0; m < multiplier; m++, o++)
        sums[at + o] = (sums[at + o] as number) + (x[xAt + c] as number) * (dy[dyAt + o] as number);
  };
}

/** dx [n, h, w, c] of dy [n, oh, ow, c * m] and filter [kh, kw, c, m]. */
const backpropInput = makeKernel<'dy' | 'filter', InputAttributes>(
  tf.DepthwiseConv2dNativeBackpropInput,
  ({ inputs: { dy, filter }, attrs, backend }) => {
    const geometry = convGeometry(attrs.inputShape, filter.shape, attrs, true);
    const pad = padsOfReverse(geometry);
    const isPlain = geometry.outChannels === geometry.inChannels;
    if (pad && isPlain) return convolveBack(backend, geometry, dy, filter, pad);
    const dx = makeZeros(backend, geometry.inShape);
    const addTap = isPlain
      ? makeAddProducts(backend, dy, filter, dx, geometry.inChannels)
      : makeAddSums(backend, geometry, dy, filter, dx);
    visitTaps(geometry, (xAt, dyAt, tap) => addTap(dyAt, tap * geometry.outChannels, xAt));
    return dx;
  },
);

/** As makeAddProducts, the multiplier's channels of dy summed. */
function makeAddSums(
  backend: WasmBackend,
  { inChannels, outChannels }: ConvGeometry,
  dyInfo: TensorInfo,
  filterInfo: TensorInfo,
  dxInfo: TensorInfo,
) {
  const [dy, filter, dx] = [floatsOf(backend, dyInfo), floatsOf(backend, filterInfo), floatsOf(backend, dxInfo)];
  const multiplier = outChannels / inChannels;
  return (dyAt: number, filterAt: number, xAt: number): void => {
    for (let c = 0, o = 0; c < inChannels; c++) {
      let sum = dx[xAt + c] as number;
      for (let m = 0; m < multiplier; m++, o++) sum += (dy[dyAt + o] as number) * (filter[filterAt + o] as number);
      dx[xAt + c] = sum;
    }
  };
}

/** At strides of 1 dx is dy convolved with the taps in reverse. */
function convolveBack(
  backend: WasmBackend,
  { filterHeight, filterWidth, inChannels, dilationHeight, dilationWidth }: ConvGeometry,
  dy: TensorInfo,
  filter: TensorInfo,
  pad: tf.backend_util.ExplicitPadding,
): TensorInfo {
  const reversed = reverseTaps(backend, filter, filterHeight * filterWidth, inChannels);
  const attrs = { strides: 1, pad, dilations: [dilationHeight, dilationWidth] };
  const dx = runKernel(backend, tf.DepthwiseConv2dNative, { x: dy, filter: reversed }, attrs);
  backend.disposeData(reversed.dataId);
  return dx;
}

export const depthwiseKernels: readonly WasmKernel[] = [backpropFilter, backpropInput];
