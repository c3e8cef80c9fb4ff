import * as tf from '@tensorflow/tfjs';
import { runKernel, sizeOf, type TensorInfo, type WasmBackend, withShape } from './wasm-kernel.ts';

export const broadcastShape = (a: TensorInfo, b: TensorInfo): number[] =>
  tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);

export interface Operand {
  readonly values: TensorInfo;
  /** a copy, to be disposed of by who asked for it */
  readonly isCopy: boolean;
}

/** x repeated to `shape`; x itself where there is nothing to repeat. */
export function broadcastTo(backend: WasmBackend, x: TensorInfo, shape: readonly number[]): Operand {
  if (sizeOf(x.shape) === sizeOf(shape)) return { values: withShape(x, shape), isCopy: false };
  const own = [...shape.map(() => 1), ...x.shape].slice(x.shape.length);
  const reps = shape.map((extent, axis) => (own[axis] === extent ? 1 : extent));
  return { values: runKernel(backend, tf.Tile, { x: withShape(x, own) }, { reps }), isCopy: true };
}

export function release(backend: WasmBackend, operands: readonly Operand[]): void {
  for (const { values, isCopy } of operands) if (isCopy) backend.disposeData(values.dataId);
}
