import { numbersOf } from '../tensor/convert.ts';
import { elementCount, sizeAt, sizesOf } from '../tensor/shape.ts';
import type { Layer } from './fold-affine.ts';

/** A layer's weights as one matrix [outputs, inputs] for each tap, groups spelt out: data[(n inputs + c) taps + t]. */
export interface DenseMap {
  readonly outputs: number;
  readonly inputs: number;
  readonly taps: number;
  readonly data: Float64Array;
}

const groupsOf = ({ node }: Layer): number => (node.op === 'linear' ? 1 : Number(node.attributes.group ?? 1));

/** Channels that a layer writes, and that it reads. */
export function channelsOf(layer: Layer): readonly [outputs: number, inputs: number] {
  const [rows, columns] = [sizeAt(layer.weights.shape, 0), sizeAt(layer.weights.shape, 1) * groupsOf(layer)];
  return layer.node.op === 'convTranspose' ? [columns, rows] : [rows, columns];
}

/** Weights are [N, C / groups, taps...], those of a transposed convolution [C, N / groups, taps...]. */
export function denseMapOf(layer: Layer): DenseMap {
  const { shape } = layer.weights;
  const [rows, columns, taps] = [sizeAt(shape, 0), sizeAt(shape, 1), elementCount(shape.slice(2))];
  const perGroup = rows / groupsOf(layer);
  const isTransposed = layer.node.op === 'convTranspose';
  const [outputs, inputs] = channelsOf(layer);
  const data = new Float64Array(outputs * inputs * taps);
  const values = numbersOf(layer.weights);
  for (let at = 0; at < values.length; at++) {
    const row = Math.floor(at / (columns * taps));
    const column = (Math.floor(at / taps) % columns) + Math.floor(row / perGroup) * columns;
    const [n, c] = isTransposed ? [column, row] : [row, column];
    data[(n * inputs + c) * taps + (at % taps)] = values[at] ?? 0;
  }
  return { outputs, inputs, taps, data };
}

/** The weights of a layer of that op with one group. */
export function weightsOfDense(op: Layer['node']['op'], { outputs, inputs, taps, data }: DenseMap): Float64Array {
  if (op !== 'convTranspose') return data;
  const turned = new Float64Array(data.length);
  for (let n = 0; n < outputs; n++)
    for (let c = 0; c < inputs; c++)
      for (let t = 0; t < taps; t++) turned[(c * outputs + n) * taps + t] = data[(n * inputs + c) * taps + t] ?? 0;
  return turned;
}

/** Sizes of those weights, given the kernel's. */
export const sizesOfDense = (op: Layer['node']['op'], { outputs, inputs }: DenseMap, layer: Layer): number[] => [
  ...(op === 'convTranspose' ? [inputs, outputs] : [outputs, inputs]),
  ...sizesOf(layer.weights.shape).slice(2),
];

/** sum over h of second[n, h, t] first[h, c, u], for maps of which one has a single tap. */
export function composeDense(second: DenseMap, first: DenseMap): DenseMap {
  const [outputs, inputs, taps] = [second.outputs, first.inputs, second.taps * first.taps];
  const data = new Float64Array(outputs * inputs * taps);
  for (let n = 0; n < outputs; n++)
    for (let h = 0; h < second.inputs; h++)
      for (let t = 0; t < second.taps; t++) {
        const v = second.data[(n * second.inputs + h) * second.taps + t] ?? 0;
        if (v === 0) continue;
        const from = h * inputs * first.taps;
        if (second.taps === 1) {
          const to = n * inputs * taps;
          for (let i = 0; i < inputs * taps; i++) data[to + i] = (data[to + i] ?? 0) + v * (first.data[from + i] ?? 0);
        } else
          for (let c = 0; c < inputs; c++) {
            const to = (n * inputs + c) * taps + t;
            data[to] = (data[to] ?? 0) + v * (first.data[from + c] ?? 0);
          }
      }
  return { outputs, inputs, taps, data };
}

/** What a constant input of each channel, seen by all taps, adds to each output. */
export function applyToConstant({ outputs, inputs, taps, data }: DenseMap, constant: readonly number[]): number[] {
  return Array.from({ length: outputs }, (_, n) => {
    let sum = 0;
    for (let i = 0; i < inputs * taps; i++)
      sum += (data[n * inputs * taps + i] ?? 0) * (constant[Math.floor(i / taps)] ?? 0);
    return sum;
  });
}
