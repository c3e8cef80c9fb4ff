import * as tf from '@tensorflow/tfjs';
import { laneCount, simdOf } from './simd-functions.ts';
import {
  type Call,
  floatsOf,
  makeKernel,
  makeZeros,
  offsetOf,
  sizeOf,
  type TensorInfo,
  type WasmKernel,
} from './wasm-kernel.ts';

interface Attributes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/** Rows that are added in float32 before they go to a float64 sum. */
const rowsAtOnce = 64;
/** Columns from which adding whole rows beats tfjs, which transposes. */
const leastColumns = 8;

/** Sums and means over the first axes, as those of a bias or of batch norm are; others stay with tfjs. */
const overFirstAxes = (name: string, isMean: boolean): WasmKernel =>
  makeKernel<'x', Attributes>(name, (call, native) => {
    const { x } = call.inputs;
    const axes = [...tf.util.parseAxisParam(call.attrs.axis, x.shape)].sort((a, b) => a - b);
    const columns = sizeOf(x.shape.slice(axes.length));
    const isFirst = axes.length > 0 && axes.every((axis, index) => axis === index);
    if (x.dtype !== 'float32' || !isFirst || columns < leastColumns || columns % laneCount > 0) return native();
    const kept = call.attrs.keepDims ? axes.map(() => 1) : [];
    return addRows(call, [...kept, ...x.shape.slice(axes.length)], isMean);
  });

function addRows({ inputs: { x }, backend }: Call<'x', Attributes>, shape: number[], isMean: boolean): TensorInfo {
  const y = makeZeros(backend, shape);
  const part = floatsOf(backend, y);
  const [atX, atPart] = [offsetOf(backend, x), offsetOf(backend, y)];
  const { addRow } = simdOf(backend);
  const columns = sizeOf(shape);
  const rows = sizeOf(x.shape) / columns;
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    addRow(atX + 4 * row * columns, 0, atPart, columns / laneCount);
    if (row % rowsAtOnce < rowsAtOnce - 1 && row < rows - 1) continue;
    for (let i = 0; i < columns; i++) sums[i] = (sums[i] as number) + (part[i] as number);
    part.fill(0);
  }
  for (let i = 0; i < columns; i++) part[i] = isMean ? (sums[i] as number) / rows : (sums[i] as number);
  return y;
}

export const reduceKernels: readonly WasmKernel[] = [overFirstAxes(tf.Sum, false), overFirstAxes(tf.Mean, true)];
