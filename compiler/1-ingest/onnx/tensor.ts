import { ingest } from '../../diagnostics/index.ts';
import { type DType, dtypes, type TypedArray } from '../../tensor/dtype.ts';
import { elementCount, printShape, type Shape, shapeOf } from '../../tensor/shape.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import { dtypeOf, nameOfElementType } from './element-type.ts';
import { readExternalData } from './external.ts';
import { type TensorProto, TensorProto_DataLocation } from './proto/generated/onnx_pb.ts';

const maxBytes = 2 ** 31 - 1;

/**
 * A TensorProto in any encoding: raw_data, the typed fields, or external data beside `file`.
 * @throws LccError LCC1007 for an element type without a DType, LCC1008, LCC1009
 */
export function decodeTensor(proto: TensorProto, file: string | undefined): Tensor {
  const fail = (reason: string) => ingest.badTensor({ file }, proto.name, reason);
  const dtype = dtypeOf(proto.dataType);
  if (dtype === undefined) {
    throw ingest.unsupportedElementType({ file }, `Tensor "${proto.name}"`, nameOfElementType(proto.dataType));
  }
  if (proto.segment !== undefined) throw fail('it is a segment of a larger tensor');
  const shape = shapeOf(proto.dims.map(Number));
  const count = elementCount(shape);
  if (proto.dims.some((d) => d < 0n)) throw fail(`its shape is ${printShape(shape)}`);
  const bytes = count * dtypes[dtype].bytes;
  if (!shape.every((d) => Number.isSafeInteger(d.size)) || bytes > maxBytes) {
    throw fail(`${dtype}${printShape(shape)} is ${bytes} bytes, a tensor holds at most ${maxBytes}`);
  }
  const raw = rawBytes(proto, file);
  if (raw !== undefined) {
    if (raw.length !== bytes) throw fail(`${dtype}${printShape(shape)} takes ${bytes} bytes, there are ${raw.length}`);
    return makeTensor(dtype, shape, fromLittleEndian(dtype, raw));
  }
  const field = typedField(dtype, proto);
  if (field.length !== count) {
    throw fail(`${dtype}${printShape(shape)} takes ${count} elements, there are ${field.length}`);
  }
  return makeTensor(dtype, shape, fromField(dtype, shape, field));
}

function rawBytes(proto: TensorProto, file: string | undefined): Uint8Array | undefined {
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL) return readExternalData(proto, file);
  return proto.rawData.length > 0 ? proto.rawData : undefined;
}

/** Copies, since the bytes of a file are not aligned. lcc runs on little-endian machines only, as wasm is. */
function fromLittleEndian(dtype: DType, bytes: Uint8Array): TypedArray {
  const data = new dtypes[dtype].array(new Uint8Array(bytes).buffer);
  return dtype === 'bool' && data instanceof Uint8Array ? data.map((v) => (v === 0 ? 0 : 1)) : data;
}

/** Which field holds which type: the comments of TensorProto in the ONNX schema. */
function typedField(dtype: DType, proto: TensorProto): readonly number[] | readonly bigint[] {
  switch (dtype) {
    case 'float32':
      return proto.floatData;
    case 'float64':
      return proto.doubleData;
    case 'int64':
      return proto.int64Data;
    case 'uint32':
    case 'uint64':
      return proto.uint64Data;
    case 'float16':
    case 'bfloat16':
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'bool':
      return proto.int32Data;
    default:
      return dtype satisfies never;
  }
}

function fromField(dtype: DType, shape: Shape, field: readonly number[] | readonly bigint[]): TypedArray {
  const data = new dtypes[dtype].array(elementCount(shape));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.set(Array.from(field, BigInt));
  else data.set(Array.from(field, dtype === 'bool' ? (v) => Number(Boolean(v)) : Number));
  return data;
}
