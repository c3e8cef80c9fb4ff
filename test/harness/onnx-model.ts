import { type WrittenModel, writeOnnx } from '../../compiler/1-ingest/onnx/write.ts';
import { type DType, dtypes } from '../../compiler/tensor/dtype.ts';
import { elementCount, shapeOf } from '../../compiler/tensor/shape.ts';
import { makeTensor, type Tensor } from '../../compiler/tensor/tensor.ts';

export type { WrittenModel, WrittenNode } from '../../compiler/1-ingest/onnx/write.ts';

/** Bytes of an ONNX model for a test; opset 21 unless told. */
export const onnxModel = (model: Omit<WrittenModel, 'opset'> & { readonly opset?: number }): Uint8Array =>
  writeOnnx({ opset: 21, ...model });

/** A tensor of plain numbers; float16 and bfloat16 take their bits. */
export function tensorOf(dtype: DType, sizes: readonly number[], values: readonly (number | bigint)[]): Tensor {
  const shape = shapeOf(sizes);
  if (values.length !== elementCount(shape)) throw new RangeError(`${values.length} values for [${sizes}]`);
  if (dtype === 'int64') return makeTensor(dtype, shape, BigInt64Array.from(values, BigInt));
  if (dtype === 'uint64') return makeTensor(dtype, shape, BigUint64Array.from(values, BigInt));
  const data = new dtypes[dtype].array(values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) throw new TypeError(dtype);
  data.set(values.map(Number));
  return makeTensor(dtype, shape, data);
}
