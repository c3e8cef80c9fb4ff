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

/** Rows of a panel: every `run` points of `k` are filled up to a multiple of 4. */
export const filledRows = (k: readonly Axis[], run: number): number =>
  (points(k) / run) * Math.ceil(run / codesPerWord) * codesPerWord;

/** Words of one batch's panels of codes. */
export const codeWords = (n: number, rows: number): number =>
  (Math.ceil(n / panelWidth) * panelWidth * rows) / codesPerWord;

/**
 * Codes as contraction kernels read them (packed8 in kernel/nest.ts): per batch index, panels of 8 columns,
 * [k / 4][column][k % 4]; missing columns are zero. Every `run` points of `k` are filled up to a multiple of 4.
 */
export function packCodes(
  weights: Operand,
  batch: readonly Axis[],
  n: readonly Axis[],
  k: readonly Axis[],
  run: number,
): Int8Array {
  const source = poolArray(weights.tensor);
  const index = flatIndex(weights);
  const filled = Math.ceil(run / codesPerWord) * codesPerWord;
  const [columns, rows] = [points(n), filledRows(k, run)];
  const stride = codeWords(columns, rows) * codesPerWord;
  const packed = new Int8Array(points(batch) * stride);
  const [batchAt, columnAt, rowAt] = [batch, n, k].map((axes) => offsetsOver(axes, index));
  if (!batchAt || !columnAt || !rowAt) throw new Error('internal: no axes to pack');
  for (let b = 0; b < batchAt.length; b++) {
    for (let j = 0; j < columns; j++) {
      const panel = b * stride + Math.floor(j / panelWidth) * panelWidth * rows + (j % panelWidth) * codesPerWord;
      const base = index.offset + (batchAt[b] ?? 0) + (columnAt[j] ?? 0);
      for (let i = 0; i < rowAt.length; i++) {
        const row = Math.floor(i / run) * filled + (i % run);
        const group = Math.floor(row / codesPerWord) * panelWidth * codesPerWord;
        packed[panel + group + (row % codesPerWord)] = source[base + (rowAt[i] ?? 0)] ?? 0;
      }
    }
  }
  return packed;
}

/** Codes of one sign whose products with codes of A stay within 16 bits when they are added up: 258 * 127 < 2^15. */
const most16Bits = 258;

/**
 * How many neighbouring groups of `packed` panels may be multiplied by codes of A and added up in 16-bit lanes, two to a
 * column: the first two products of each group go to one lane, the others to the other. Panels have `k` rows.
 */
export function groupsIn16Bits(packed: Int8Array, k: number): 1 | 2 | 4 {
  if (fitsIn16Bits(packed, k, 4)) return 4;
  return fitsIn16Bits(packed, k, 2) ? 2 : 1;
}

/** Groups of one column lie `panelWidth` words apart. */
function fitsIn16Bits(packed: Int8Array, k: number, groups: number): boolean {
  const apart = panelWidth * codesPerWord;
  const panelBytes = panelWidth * k;
  for (let first = 0; first < packed.length; first += codesPerWord / 2) {
    const end = Math.min(first + groups * apart, first - (first % panelBytes) + panelBytes);
    let [above, below] = [0, 0];
    for (let at = first; at < end; at += apart) {
      for (const code of [packed[at] ?? 0, packed[at + 1] ?? 0]) {
        if (code > 0) above += code;
        else below -= code;
      }
    }
    if (Math.max(above, below) > most16Bits) return false;
  }
  return true;
}
