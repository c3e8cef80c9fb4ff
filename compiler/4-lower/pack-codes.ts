import type { Axis } from '../kernel/index-expr.ts';
import { panelWidth } from '../kernel/nest.ts';
import { codesPerWord, maxWeightCode } from '../kernel/quantization.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { flatIndex, type Operand, offsetsOver, points } from './pack.ts';
import { poolArray } from './pool.ts';

/** Whether a tensor holds what int8 kernels take as weights: float32 whole numbers from -127 to 127. */
export function isWeightCodes(tensor: Tensor | undefined): boolean {
  if (tensor?.dtype !== 'float32') return false;
  for (const value of poolArray(tensor))
    if (!(Number.isInteger(value) && Math.abs(value) <= maxWeightCode)) return false;
  return true;
}

/** Words of one batch's panels of codes. */
export const codeWords = (n: number, k: number): number => (Math.ceil(n / panelWidth) * panelWidth * k) / codesPerWord;

/**
 * Codes as contraction kernels read them (packed8 in kernel/nest.ts): per batch index, panels of 8 columns,
 * [k / 4][column][k % 4]; missing columns are zero. The number of points of `k` is a multiple of 4.
 */
export function packCodes(weights: Operand, batch: readonly Axis[], n: readonly Axis[], k: readonly Axis[]): Int8Array {
  const source = poolArray(weights.tensor);
  const index = flatIndex(weights);
  const [columns, rows] = [points(n), points(k)];
  const stride = codeWords(columns, rows) * codesPerWord;
  const packed = new Int8Array(points(batch) * stride);
  const [batchAt, columnAt, rowAt] = [batch, n, k].map((axes) => offsetsOver(axes, index));
  if (!batchAt || !columnAt || !rowAt) throw new Error('internal: no axes to pack');
  for (let b = 0; b < batchAt.length; b++) {
    for (let j = 0; j < columns; j++) {
      const panel = b * stride + Math.floor(j / panelWidth) * panelWidth * rows + (j % panelWidth) * codesPerWord;
      const base = index.offset + (batchAt[b] ?? 0) + (columnAt[j] ?? 0);
      for (let i = 0; i < rows; i++) {
        const group = Math.floor(i / codesPerWord) * panelWidth * codesPerWord;
        packed[panel + group + (i % codesPerWord)] = source[base + (rowAt[i] ?? 0)] ?? 0;
      }
    }
  }
  return packed;
}
