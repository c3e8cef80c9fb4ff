import { type DType, dtypes, isWide, type TypedArray } from './dtype.ts';
import { shapeOf } from './shape.ts';
import { makeTensor, type Tensor } from './tensor.ts';

/** A binary floating-point format of 16 bits. */
interface NarrowFloat {
  readonly mantissaBits: number;
  readonly exponentBits: number;
}

const float16: NarrowFloat = { mantissaBits: 10, exponentBits: 5 };
const bfloat16: NarrowFloat = { mantissaBits: 7, exponentBits: 8 };

const narrowFloatOf = (dtype: DType): NarrowFloat | undefined =>
  dtype === 'float16' ? float16 : dtype === 'bfloat16' ? bfloat16 : undefined;

function decodeNarrow({ mantissaBits, exponentBits }: NarrowFloat, bits: number): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
  const mantissa = bits & ((1 << mantissaBits) - 1);
  if (exponent === (1 << exponentBits) - 1) return mantissa === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (mantissa + (1 << mantissaBits)) * 2 ** (exponent - bias - mantissaBits);
}

/** Round to nearest, ties to even. */
export function roundToEven(x: number): number {
  return x - Math.floor(x) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
}

const scratch = new DataView(new ArrayBuffer(8));

/** Exponent e with 2^e <= x < 2^(e+1), x a normal positive float64; -1023 for smaller ones. */
function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  return (scratch.getUint16(0) >> 4) - 1023;
}

function encodeNarrow({ mantissaBits, exponentBits }: NarrowFloat, x: number): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const infinity = ((1 << exponentBits) - 1) << mantissaBits;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return infinity | (1 << (mantissaBits - 1));
  if (magnitude === Infinity) return sign | infinity;
  const exponent = Math.max(exponentOf(magnitude), 1 - bias);
  const steps = roundToEven(magnitude / 2 ** (exponent - mantissaBits)); // a carry runs on into the exponent
  return sign | Math.min(infinity, ((exponent + bias - 1) << mantissaBits) + steps);
}

export const decodeFloat16 = (bits: number): number => decodeNarrow(float16, bits);
export const decodeBfloat16 = (bits: number): number => decodeNarrow(bfloat16, bits);
/** Bits of the nearest float16, ties to even. */
export const encodeFloat16 = (x: number): number => encodeNarrow(float16, x);
/** Bits of the nearest bfloat16, ties to even. */
export const encodeBfloat16 = (x: number): number => encodeNarrow(bfloat16, x);

/** Elements as arithmetic sees them: float16 and bfloat16 decoded to Float64Array, all other types the data itself. */
export function decodeData(tensor: Tensor): TypedArray {
  const format = narrowFloatOf(tensor.dtype);
  if (format === undefined || !(tensor.data instanceof Uint16Array)) return tensor.data;
  return Float64Array.from(tensor.data, (bits) => decodeNarrow(format, bits));
}

/** Data of a tensor of `dtype` from decoded elements; floats round to nearest even, integers wrap. */
export function encodeData(dtype: DType, values: ArrayLike<number> | ArrayLike<bigint>): TypedArray {
  const result = new dtypes[dtype].array(values.length);
  const format = narrowFloatOf(dtype);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (result instanceof BigInt64Array || result instanceof BigUint64Array) {
      result[i] = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
    } else {
      const number = typeof value === 'bigint' ? wrappedNumber(dtype, value) : value;
      result[i] = format ? encodeNarrow(format, number) : number;
    }
  }
  return result;
}

const wrappedNumber = (dtype: DType, value: bigint): number =>
  Number(dtypes[dtype].kind === 'float' ? value : BigInt.asIntN(32, value));

/** Elements as numbers. int64 and uint64 beyond 2^53 lose their low bits. */
export function numbersOf(tensor: Tensor): number[] {
  const data = decodeData(tensor);
  return Array.from(data, Number);
}

/** A tensor from plain numbers or BigInts (bool: 0 or 1), converted as `encodeData` does. */
export function tensorOf(dtype: DType, sizes: readonly number[], values: readonly (number | bigint)[]): Tensor {
  const data = isWide(dtype) ? encodeData(dtype, values.map(BigInt)) : encodeData(dtype, values.map(Number));
  return makeTensor(dtype, shapeOf(sizes), data);
}
