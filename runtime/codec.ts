import { LccRuntimeError } from './error.ts';

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

/** What kernels read and write. */
export type Elements = Float32Array | Int32Array | Uint32Array;

/** Conversion between a public array and the 4-byte elements that kernels read and write. */
export interface Codec {
  readonly dtype: DType;
  /** Class name of public arrays; compared by name, so that arrays of other realms pass. */
  readonly array: string;
  /** May return `values` itself. */
  encode(values: TypedArray): ArrayBufferView;
  /** Class of the elements */
  readonly elements: new (
    memory: ArrayBuffer,
    offset: number,
    length: number,
  ) => Elements;
  /** May return `elements` itself. */
  decode(elements: Elements): TypedArray;
}

const numbers = (values: TypedArray): ArrayLike<number> => values as ArrayLike<number>;

export const float32: Codec = {
  dtype: 'float32',
  array: 'Float32Array',
  encode: (values) => values,
  elements: Float32Array,
  decode: (elements) => elements,
};

export const float64: Codec = {
  dtype: 'float64',
  array: 'Float64Array',
  encode: (values) => Float32Array.from(numbers(values)),
  elements: Float32Array,
  decode: (elements) => Float64Array.from(elements),
};

export const float16: Codec = {
  dtype: 'float16',
  array: 'Uint16Array',
  encode: (values) => Float32Array.from(numbers(values), fromHalf),
  elements: Uint32Array,
  decode: (elements) => Uint16Array.from(elements, toHalf),
};

export const bfloat16: Codec = {
  dtype: 'bfloat16',
  array: 'Uint16Array',
  encode: (values) => Uint32Array.from(numbers(values), (bits) => bits << 16),
  elements: Uint32Array,
  decode: (elements) => Uint16Array.from(elements, toBfloat16),
};

export const int32: Codec = {
  dtype: 'int32',
  array: 'Int32Array',
  encode: (values) => values,
  elements: Int32Array,
  decode: (elements) => elements,
};

export const uint32: Codec = {
  dtype: 'uint32',
  array: 'Uint32Array',
  encode: (values) => values,
  elements: Uint32Array,
  decode: (elements) => elements,
};

export const int16: Codec = {
  dtype: 'int16',
  array: 'Int16Array',
  encode: widen,
  elements: Int32Array,
  decode: (elements) => Int16Array.from(elements),
};

export const uint16: Codec = {
  dtype: 'uint16',
  array: 'Uint16Array',
  encode: widen,
  elements: Int32Array,
  decode: (elements) => Uint16Array.from(elements),
};

export const int8: Codec = {
  dtype: 'int8',
  array: 'Int8Array',
  encode: widen,
  elements: Int32Array,
  decode: (elements) => Int8Array.from(elements),
};

export const uint8: Codec = {
  dtype: 'uint8',
  array: 'Uint8Array',
  encode: widen,
  elements: Int32Array,
  decode: (elements) => Uint8Array.from(elements),
};

/** Anything but 0 is true. */
export const bool: Codec = {
  dtype: 'bool',
  array: 'Uint8Array',
  encode: (values) => Int32Array.from(numbers(values), (v) => (v ? 1 : 0)),
  elements: Int32Array,
  decode: (elements) => Uint8Array.from(elements),
};

export const int64: Codec = {
  dtype: 'int64',
  array: 'BigInt64Array',
  encode: (values) => Int32Array.from(values as BigInt64Array, (v) => checked(v, BigInt.asIntN(32, v))),
  elements: Int32Array,
  decode: (elements) => BigInt64Array.from(Array.from(elements, BigInt)),
};

export const uint64: Codec = {
  dtype: 'uint64',
  array: 'BigUint64Array',
  encode: (values) => Uint32Array.from(values as BigUint64Array, (v) => checked(v, BigInt.asUintN(32, v))),
  elements: Uint32Array,
  decode: (elements) => BigUint64Array.from(Array.from(elements, BigInt)),
};

/** For hosts without BigInt. */
export const int64AsInt32: Codec = {
  dtype: 'int64',
  array: 'Int32Array',
  encode: (values) => values,
  elements: Int32Array,
  decode: (elements) => elements,
};

/** For hosts without BigInt. */
export const uint64AsUint32: Codec = {
  dtype: 'uint64',
  array: 'Uint32Array',
  encode: (values) => values,
  elements: Uint32Array,
  decode: (elements) => elements,
};

function widen(values: TypedArray): Int32Array {
  return Int32Array.from(numbers(values));
}

function checked(value: bigint, narrow: bigint): number {
  if (narrow !== value) throw new LccRuntimeError('range', `${value} does not fit 32 bits`);
  return Number(value);
}

/** Value of IEEE binary16 bits. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Bits of IEEE binary16 from those of binary32, to nearest, ties to even. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  if (size >= 0x477ff000) return sign | 0x7c00;
  if (size >= 0x38800000) return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
  // Below 2^-14: a multiple of 2^-24. The significand shifts right by 126 less the exponent.
  const shift = 126 - (size >>> 23);
  if (shift > 24) return sign;
  const significand = (size & 0x7fffff) | 0x800000;
  const kept = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (kept + (rest > half || (rest === half && kept & 1) ? 1 : 0));
}

/** Bits of bfloat16 from those of binary32, to nearest, ties to even. */
function toBfloat16(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
