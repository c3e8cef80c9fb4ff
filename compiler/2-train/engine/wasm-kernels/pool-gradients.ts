import * as tf from '@tensorflow/tfjs';
import type { ConvAttributes, ConvGeometry } from './conv-geometry.ts';
import { makeAddProducts } from './runs.ts';
import { laneCount, simdOf } from './simd-functions.ts';
import { visitTaps } from './visit-windows.ts';
import {
  floatsOf,
  makeKernel,
  makeZeros,
  memoryOf,
  offsetOf,
  type TensorInfo,
  type WasmBackend,
  type WasmKernel,
} from './wasm-kernel.ts';

interface Attributes extends ConvAttributes {
  readonly filterSize: [number, number] | number;
}

function poolGeometry({ shape }: TensorInfo, attrs: Attributes): ConvGeometry {
  const [n = 1, h = 1, w = 1, c = 1] = shape;
  const { filterSize, strides, dilations = 1, pad, dimRoundingMode } = attrs;
  return tf.backend_util.computePool2DInfo([n, h, w, c], filterSize, strides, dilations, pad, dimRoundingMode);
}

/** dx of dy, input x and output y: dy goes to the first element of each window that equals y. */
const maxPoolGrad = makeKernel<'dy' | 'input' | 'output', Attributes>(
  tf.MaxPoolGrad,
  ({ inputs: { dy, input, output }, attrs, backend }) => {
    const geometry = poolGeometry(input, attrs);
    const dx = makeZeros(backend, input.shape);
    const taken = makeZeros(backend, [geometry.inChannels]);
    const give = makeGiving(backend, geometry.inChannels, { x: input, y: output, dy, dx, taken });
    const mark = floatsOf(backend, taken);
    let window = 0;
    visitTaps(geometry, (xAt, yAt) => {
      if (yAt !== window) mark.fill(0);
      window = yAt;
      give(xAt, yAt);
    });
    backend.disposeData(taken.dataId);
    return dx;
  },
);

interface Tensors {
  readonly x: TensorInfo;
  readonly y: TensorInfo;
  readonly dy: TensorInfo;
  readonly dx: TensorInfo;
  /** [c], set to other than 0 where a channel of the window has given its dy away */
  readonly taken: TensorInfo;
}

/** Gives dy at `yAt` to dx at `xAt` in the channels where x equals y and nothing was given yet. */
function makeGiving(backend: WasmBackend, channels: number, { x, y, dy, dx, taken }: Tensors) {
  const { giveToMaximum } = simdOf(backend);
  const lanes = Math.floor(channels / laneCount);
  const [atX = 0, atY = 0, atDy = 0, atDx = 0, atTaken = 0] = [x, y, dy, dx, taken].map((t) => offsetOf(backend, t));
  const memory = memoryOf(backend);
  return (xAt: number, yAt: number): void => {
    if (lanes > 0) giveToMaximum(atX + 4 * xAt, atY + 4 * yAt, atDy + 4 * yAt, atDx + 4 * xAt, atTaken, lanes);
    for (let c = lanes * laneCount; c < channels; c++) {
      const isGiven = memory[atTaken / 4 + c] !== 0 || memory[atX / 4 + xAt + c] !== memory[atY / 4 + yAt + c];
      if (isGiven) continue;
      const to = atDx / 4 + xAt + c;
      memory[to] = (memory[to] as number) + (memory[atDy / 4 + yAt + c] as number);
      memory[atTaken / 4 + c] = 1;
    }
  };
}

/** dx of dy, shared equally among the elements of each window; padding, which the mean leaves out, gets none. */
const avgPoolGrad = makeKernel<'dy' | 'input', Attributes>(
  tf.AvgPoolGrad,
  ({ inputs: { dy, input }, attrs, backend }) => {
    const geometry = poolGeometry(input, attrs);
    const dx = makeZeros(backend, input.shape);
    const part = makeZeros(backend, [geometry.inChannels]);
    const addProducts = makeAddProducts(backend, dy, part, dx, geometry.inChannels);
    const parts = floatsOf(backend, part);
    let shared = 0;
    visitTaps(geometry, (xAt, yAt, _, inside) => {
      if (inside !== shared) parts.fill(1 / inside);
      shared = inside;
      addProducts(yAt, 0, xAt);
    });
    backend.disposeData(part.dataId);
    return dx;
  },
);

export const poolKernels: readonly WasmKernel[] = [maxPoolGrad, avgPoolGrad];
