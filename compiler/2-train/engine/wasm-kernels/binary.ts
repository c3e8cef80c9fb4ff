import * as tf from '@tensorflow/tfjs';
import { broadcastShape, broadcastTo, type Operand, release } from './broadcast.ts';
import { type BinaryFunction, blockSize, type SimdFunctions, simdOf } from './simd-functions.ts';
import {
  floatsOf,
  makeKernel,
  type Native,
  offsetOf,
  sizeOf,
  type TensorInfo,
  type WasmBackend,
  type WasmKernel,
} from './wasm-kernel.ts';

type Names = 'a' | 'b';
type Inputs = Readonly<Record<Names, TensorInfo>>;

/** Element-wise functions of two float32 tensors that tfjs computes one element at a time; other types stay with it. */
const inBlocks = (
  name: string,
  dtype: 'float32' | 'bool',
  functionOf: (simd: SimdFunctions) => BinaryFunction,
  one: (a: number, b: number) => number,
): WasmKernel =>
  makeKernel<Names>(name, ({ inputs, backend }, native) => {
    if (inputs.a.dtype !== 'float32' || inputs.b.dtype !== 'float32') return onExpanded(backend, inputs, native);
    const y = backend.makeOutput(broadcastShape(inputs.a, inputs.b), dtype);
    if (sizeOf(y.shape) === 0) return y;
    const a = blocksOf(backend, inputs.a, y.shape);
    const b = blocksOf(backend, inputs.b, y.shape);
    const blocks = Math.floor(sizeOf(y.shape) / blockSize);
    if (blocks > 0) {
      const [atA, atB, atY] = [a.values, b.values, y].map((tensor) => offsetOf(backend, tensor));
      functionOf(simdOf(backend))(atA ?? 0, atB ?? 0, atY ?? 0, a.step, b.step, blocks);
    }
    writeRest(backend, a, b, y, blocks * blockSize, one);
    release(backend, [a, b]);
    return y;
  });

interface Blocks extends Operand {
  /** bytes from one block to the next */
  readonly step: number;
}

/** One block of a scalar serves all. */
function blocksOf(backend: WasmBackend, x: TensorInfo, shape: readonly number[]): Blocks {
  if (sizeOf(x.shape) !== 1) return { ...broadcastTo(backend, x, shape), step: 4 * blockSize };
  const values = backend.makeOutput([blockSize], 'float32');
  floatsOf(backend, values).fill(floatsOf(backend, x)[0] ?? 0);
  return { values, isCopy: true, step: 0 };
}

function writeRest(
  backend: WasmBackend,
  a: Blocks,
  b: Blocks,
  y: TensorInfo,
  from: number,
  one: (a: number, b: number) => number,
): void {
  const to = backend.typedArrayFromHeap(y);
  const [left, right] = [a, b].map(({ values, step }) => floatsOf(backend, values).subarray(step === 0 ? 0 : from));
  for (let i = from; i < to.length; i++) to[i] = one(left?.[i - from] ?? 0, right?.[i - from] ?? 0);
}

/** tfjs's own kernel on operands of one shape: where it broadcasts by itself it is ten times slower. */
export function onExpanded(backend: WasmBackend, { a, b }: Inputs, native: Native): TensorInfo {
  const shape = broadcastShape(a, b);
  const isOneByOne = [a, b].every((x) => sizeOf(x.shape) === 1 || sizeOf(x.shape) === sizeOf(shape));
  if (isOneByOne) return native();
  const operands = [a, b].map((x) => broadcastTo(backend, x, shape));
  const [left, right] = operands;
  if (!left || !right) throw new Error('internal: two operands were given');
  const y = native({ a: left.values, b: right.values });
  release(backend, operands);
  return y;
}

const expanded = (name: string): WasmKernel =>
  makeKernel<Names>(name, ({ inputs, backend }, native) => onExpanded(backend, inputs, native));

export const binaryKernels: readonly WasmKernel[] = [
  inBlocks(tf.Maximum, 'float32', (simd) => simd.maximum, Math.max),
  inBlocks(tf.Minimum, 'float32', (simd) => simd.minimum, Math.min),
  inBlocks(
    tf.Equal,
    'bool',
    (simd) => simd.equal,
    (a, b) => Number(a === b),
  ),
  inBlocks(
    tf.NotEqual,
    'bool',
    (simd) => simd.notEqual,
    (a, b) => Number(a !== b),
  ),
  inBlocks(
    tf.Less,
    'bool',
    (simd) => simd.less,
    (a, b) => Number(a < b),
  ),
  inBlocks(
    tf.LessEqual,
    'bool',
    (simd) => simd.lessEqual,
    (a, b) => Number(a <= b),
  ),
  inBlocks(
    tf.Greater,
    'bool',
    (simd) => simd.greater,
    (a, b) => Number(a > b),
  ),
  inBlocks(
    tf.GreaterEqual,
    'bool',
    (simd) => simd.greaterEqual,
    (a, b) => Number(a >= b),
  ),
  ...[tf.Atan2, tf.FloorDiv, tf.LogicalAnd, tf.LogicalOr, tf.LogicalXor, tf.Mod].map(expanded),
];
