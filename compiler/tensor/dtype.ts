/** Element types of tensors, named as in ONNX. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool';

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

interface DTypeFacts {
  readonly bytes: number;
  readonly kind: 'float' | 'signed' | 'unsigned' | 'bool';
  /** Array class of public feeds and results; float16 and bfloat16 travel as their bits. */
  readonly array:
    | Float32ArrayConstructor
    | Float64ArrayConstructor
    | Int8ArrayConstructor
    | Uint8ArrayConstructor
    | Int16ArrayConstructor
    | Uint16ArrayConstructor
    | Int32ArrayConstructor
    | Uint32ArrayConstructor
    | BigInt64ArrayConstructor
    | BigUint64ArrayConstructor;
}

export const dtypes: Readonly<Record<DType, DTypeFacts>> = {
  float32: { bytes: 4, kind: 'float', array: Float32Array },
  float64: { bytes: 8, kind: 'float', array: Float64Array },
  float16: { bytes: 2, kind: 'float', array: Uint16Array },
  bfloat16: { bytes: 2, kind: 'float', array: Uint16Array },
  int8: { bytes: 1, kind: 'signed', array: Int8Array },
  uint8: { bytes: 1, kind: 'unsigned', array: Uint8Array },
  int16: { bytes: 2, kind: 'signed', array: Int16Array },
  uint16: { bytes: 2, kind: 'unsigned', array: Uint16Array },
  int32: { bytes: 4, kind: 'signed', array: Int32Array },
  uint32: { bytes: 4, kind: 'unsigned', array: Uint32Array },
  int64: { bytes: 8, kind: 'signed', array: BigInt64Array },
  uint64: { bytes: 8, kind: 'unsigned', array: BigUint64Array },
  bool: { bytes: 1, kind: 'bool', array: Uint8Array },
};

export const isFloat = (dtype: DType): boolean => dtypes[dtype].kind === 'float';
export const isInteger = (dtype: DType): boolean =>
  dtypes[dtype].kind === 'signed' || dtypes[dtype].kind === 'unsigned';
/** int64 and uint64: the evaluator holds their elements as BigInt. */
export const isWide = (dtype: DType): dtype is 'int64' | 'uint64' => dtype === 'int64' || dtype === 'uint64';
