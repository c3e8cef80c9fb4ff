import type { LoadExpr } from '../kernel/expr.ts';
import type { Axis, Index } from '../kernel/index-expr.ts';
import { panelWidth } from '../kernel/nest.ts';
import { placedOffset } from '../kernel/schedule.ts';
import { rowMajorStrides } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { poolArray } from './pool.ts';

export interface Operand {
  readonly load: LoadExpr;
  readonly tensor: Tensor;
}

export const points = (axes: readonly Axis[]): number => axes.reduce((n, axis) => n * axis.extent.size, 1);

/** Offset of every point of `axes` (row-major) into the operand, without the index's constant part. */
export function offsetsOver(axes: readonly Axis[], index: Index): Int32Array {
  let offsets = new Int32Array(1);
  for (const axis of axes) {
    const factor = index.terms.find((t) => t.atom === axis)?.factor ?? 0;
    const next = new Int32Array(offsets.length * axis.extent.size);
    for (let i = 0; i < offsets.length; i++) {
      for (let j = 0; j < axis.extent.size; j++) next[i * axis.extent.size + j] = (offsets[i] ?? 0) + j * factor;
    }
    offsets = next;
  }
  return offsets;
}

export const flatIndex = ({ load, tensor }: Operand): Index =>
  placedOffset({ slot: 0, offset: 0, strides: rowMajorStrides(tensor.shape) }, load.index);

/** Elements of one batch's panels: ceil(N / 8) panels of a bias row and K rows of 8. */
export const panelElements = (n: number, k: number): number => Math.ceil(n / panelWidth) * (k + 1) * panelWidth;

/**
 * Weights as contraction kernels read them (kernel/nest.ts): per batch index, panels of 8 columns, the bias row first,
 * then one row per point of `k`; missing columns are zero.
 */
export function packPanels(
  weights: Operand,
  bias: Operand | undefined,
  batch: readonly Axis[],
  n: readonly Axis[],
  k: readonly Axis[],
): Float32Array {
  const source = poolArray(weights.tensor);
  const biasSource = bias && poolArray(bias.tensor);
  const index = flatIndex(weights);
  const biasIndex = bias && flatIndex(bias);
  const [columns, rows] = [points(n), points(k)];
  const stride = panelElements(columns, rows);
  const packed = new Float32Array(points(batch) * stride);
  const [batchAt, columnAt, rowAt] = [batch, n, k].map((axes) => offsetsOver(axes, index));
  const [biasBatchAt, biasColumnAt] = [batch, n].map((axes) => biasIndex && offsetsOver(axes, biasIndex));
  if (!batchAt || !columnAt || !rowAt) throw new Error('internal: no axes to pack');
  for (let b = 0; b < batchAt.length; b++) {
    for (let j = 0; j < columns; j++) {
      const panel = b * stride + Math.floor(j / panelWidth) * (rows + 1) * panelWidth + (j % panelWidth);
      const base = index.offset + (batchAt[b] ?? 0) + (columnAt[j] ?? 0);
      if (biasSource)
        packed[panel] = biasSource[(biasIndex?.offset ?? 0) + (biasBatchAt?.[b] ?? 0) + (biasColumnAt?.[j] ?? 0)] ?? 0;
      for (let i = 0; i < rows; i++) packed[panel + (i + 1) * panelWidth] = source[base + (rowAt[i] ?? 0)] ?? 0;
    }
  }
  return packed;
}
