import * as tf from '@tensorflow/tfjs';
import { makeProduct } from './product.ts';
import {
  type Call,
  makeKernel,
  makeZeros,
  offsetOf,
  runKernel,
  sizeOf,
  type TensorInfo,
  type WasmBackend,
  withShape,
} from './wasm-kernel.ts';

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Multiply-adds of one of many products below which tfjs's loop over all of them is the faster. */
const worthPreparing = 1024;

/**
 * a [..., m, k] x b [..., k, n], either transposed on request, batches broadcast. tfjs multiplies fast only what is plain
 * and alone, and only a b that it has multiplied by before.
 */
export const batchMatMul = makeKernel<'a' | 'b', Attributes>(tf.BatchMatMul, (call, native) => {
  const { inputs, attrs, backend } = call;
  if (inputs.a.dtype !== 'float32' || inputs.b.dtype !== 'float32') return native();
  const sizes = measure(call);
  const { m, k, n, batches } = sizes;
  if (batches > 1 && m * k * n < worthPreparing && countOf(inputs.a) === batches && countOf(inputs.b) === batches)
    return native();
  const a = attrs.transposeA ? transpose(backend, inputs.a) : inputs.a;
  const b = attrs.transposeB ? transpose(backend, inputs.b) : inputs.b;
  const product = multiply(backend, a, b, sizes);
  if (attrs.transposeA) backend.disposeData(a.dataId);
  if (attrs.transposeB) backend.disposeData(b.dataId);
  return product;
});

interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batchShape: readonly number[];
  readonly batches: number;
}

function measure({ inputs: { a, b }, attrs: { transposeA, transposeB } }: Call<'a' | 'b', Attributes>): Sizes {
  const [rowsA = 1, columnsA = 1] = a.shape.slice(-2);
  const [rowsB = 1, columnsB = 1] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== inner) throw new RangeError(`internal: a product of [${m}, ${k}] and [${inner}, ${n}]`);
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { m, k, n, batchShape, batches: sizeOf(batchShape) };
}

/** Matrices in a batch. */
const countOf = ({ shape }: TensorInfo): number => sizeOf(shape.slice(0, -2));

/** [..., rows, columns] to [..., columns, rows]. */
function transpose(backend: WasmBackend, x: TensorInfo): TensorInfo {
  const [rows = 1, columns = 1] = x.shape.slice(-2);
  const stack = withShape(x, [countOf(x), rows, columns]);
  return withShape(runKernel(backend, tf.Transpose, { x: stack }, { perm: [0, 2, 1] }), [
    ...x.shape.slice(0, -2),
    columns,
    rows,
  ]);
}

function multiply(backend: WasmBackend, a: TensorInfo, b: TensorInfo, sizes: Sizes): TensorInfo {
  const { m, k, n, batchShape, batches } = sizes;
  if (batches * m * k * n === 0) return makeZeros(backend, [...batchShape, m, n]);
  const y = backend.makeOutput([...batchShape, m, n], 'float32');
  const isOne = countOf(b) === 1;
  const product = makeProduct(backend, isOne ? batches * m : m, k, n);
  const [atA, atB, atY] = [offsetOf(backend, a), offsetOf(backend, b), offsetOf(backend, y)];
  const batchOfA = makeBatchIndex(batchShape, a.shape.slice(0, -2));
  const batchOfB = makeBatchIndex(batchShape, b.shape.slice(0, -2));
  for (let batch = 0; batch < (isOne ? 1 : batches); batch++)
    product.multiply(atA + 4 * batchOfA(batch) * m * k, atB + 4 * batchOfB(batch) * k * n, atY + 4 * batch * m * n);
  product.dispose();
  return y;
}

/** From an index into `batchShape` to that into `shape`, which is broadcast to it. */
function makeBatchIndex(batchShape: readonly number[], shape: readonly number[]): (batch: number) => number {
  const padded = [...batchShape.map(() => 1), ...shape].slice(shape.length);
  return (batch) => {
    let [rest, index, stride] = [batch, 0, 1];
    for (let axis = batchShape.length - 1; axis >= 0; axis--) {
      const extent = batchShape[axis] ?? 1;
      const own = padded[axis] ?? 1;
      if (own > 1) index += (rest % extent) * stride;
      stride *= own;
      rest = Math.floor(rest / extent);
    }
    return index;
  };
}
