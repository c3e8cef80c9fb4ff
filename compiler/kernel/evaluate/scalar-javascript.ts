import { roundToEven } from '../../tensor/convert.ts';
import { type DType, dtypes, isFloat, isWide } from '../../tensor/dtype.ts';
import type { ReduceOp } from '../expr.ts';
import type { BinaryOp, UnaryOp } from '../scalar.ts';
import * as special from './special.ts';

/** What printed kernels may call, by name. */
export const intrinsics = { ...special, roundToEven } as const;

/** Wraps an integer result at the width of its type; `text` is a JavaScript expression. */
export function wrap(dtype: DType, text: string): string {
  switch (dtype) {
    case 'int8':
      return `(${text} << 24 >> 24)`;
    case 'int16':
      return `(${text} << 16 >> 16)`;
    case 'int32':
      return `(${text} | 0)`;
    case 'uint8':
      return `(${text} & 255)`;
    case 'uint16':
      return `(${text} & 65535)`;
    case 'uint32':
      return `(${text} >>> 0)`;
    case 'int64':
      return `BigInt.asIntN(64, ${text})`;
    case 'uint64':
      return `BigInt.asUintN(64, ${text})`;
    case 'bool':
    case 'float16':
    case 'bfloat16':
    case 'float32':
    case 'float64':
      return text;
    default:
      return dtype satisfies never;
  }
}

export function printNumber(dtype: DType, value: number | bigint): string {
  if (isWide(dtype)) return `${value < 0 ? `(${value}n)` : `${value}n`}`;
  if (Object.is(value, -0)) return '(-0)';
  return value < 0 ? `(${value})` : `${value}`;
}

/** A unary primitive on operands of `dtype`. */
export function printUnary(op: UnaryOp, dtype: DType, x: string): string {
  switch (op) {
    case 'neg':
      return wrap(dtype, `(-${x})`);
    case 'abs':
      return isFloat(dtype) ? `Math.abs(${x})` : wrap(dtype, `(${x} < 0 ? -${x} : ${x})`);
    case 'not':
      return dtype === 'bool' ? `(${x} ? 0 : 1)` : wrap(dtype, `(~${x})`);
    case 'floor':
    case 'ceil':
    case 'trunc':
      return isFloat(dtype) ? `Math.${op}(${x})` : x;
    case 'round':
      return isFloat(dtype) ? `roundToEven(${x})` : x;
    case 'floatBits':
    case 'bitsFloat':
    case 'erf':
    case 'sigmoid':
      return `${op}(${x})`;
    case 'sqrt':
    case 'exp':
    case 'expm1':
    case 'log':
    case 'log1p':
    case 'sin':
    case 'cos':
    case 'tan':
    case 'asin':
    case 'acos':
    case 'atan':
    case 'sinh':
    case 'cosh':
    case 'tanh':
    case 'asinh':
    case 'acosh':
    case 'atanh':
      return `Math.${op}(${x})`;
    default:
      return op satisfies never;
  }
}

/** A binary primitive on operands of `dtype`, which are simple names or parenthesised. */
export function printBinary(op: BinaryOp, dtype: DType, a: string, b: string): string {
  switch (op) {
    case 'add':
      return wrap(dtype, `(${a} + ${b})`);
    case 'sub':
      return wrap(dtype, `(${a} - ${b})`);
    case 'mul':
      return isFloat(dtype) || isWide(dtype) ? wrap(dtype, `(${a} * ${b})`) : wrap(dtype, `Math.imul(${a}, ${b})`);
    case 'div':
    case 'rem': {
      const text = `(${a} ${op === 'div' ? '/' : '%'} ${b})`;
      if (isFloat(dtype)) return text;
      return isWide(dtype) ? `(${b} === 0n ? 0n : ${wrap(dtype, text)})` : `(${b} === 0 ? 0 : ${wrap(dtype, text)})`;
    }
    case 'max':
    case 'min':
      if (isWide(dtype)) return `(${a} ${op === 'max' ? '>' : '<'} ${b} ? ${a} : ${b})`;
      return `Math.${op}(${a}, ${b})`;
    case 'and':
      return wrap(dtype, `(${a} & ${b})`);
    case 'or':
      return wrap(dtype, `(${a} | ${b})`);
    case 'xor':
      return wrap(dtype, `(${a} ^ ${b})`);
    case 'shl':
      return wrap(dtype, `(${a} << ${shiftCount(dtype, b)})`);
    case 'shr':
      return wrap(dtype, `(${a} ${dtype === 'uint32' ? '>>>' : '>>'} ${shiftCount(dtype, b)})`);
    case 'eq':
      return `(${a} === ${b} ? 1 : 0)`;
    case 'ne':
      return `(${a} !== ${b} ? 1 : 0)`;
    case 'lt':
      return `(${a} < ${b} ? 1 : 0)`;
    case 'le':
      return `(${a} <= ${b} ? 1 : 0)`;
    case 'pow':
      return `pow(${a}, ${b})`;
    case 'atan2':
      return `Math.atan2(${a}, ${b})`;
    default:
      return op satisfies never;
  }
}

const shiftCount = (dtype: DType, b: string): string => {
  const mask = dtypes[dtype].bytes * 8 - 1;
  return isWide(dtype) ? `(${b} & ${mask}n)` : `(${b} & ${mask})`;
};

/** Conversion of `x` from one type to another, as CastExpr defines it. */
export function printCast(from: DType, to: DType, x: string): string {
  if (to === 'bool') return isWide(from) ? `(${x} !== 0n ? 1 : 0)` : `(${x} !== 0 ? 1 : 0)`;
  if (isFloat(to)) return isWide(from) ? `Number(${x})` : x;
  if (isFloat(from)) {
    if (to === 'int64') return `toInt64(${x})`;
    if (to === 'uint64') return `toUint64(${x})`;
    return to === 'uint32' ? `toUint32(${x})` : wrap(to, `toInt32(${x})`);
  }
  if (isWide(to)) return wrap(to, isWide(from) ? x : `BigInt(${x})`);
  return wrap(to, isWide(from) ? `Number(BigInt.asIntN(32, ${x}))` : x);
}

/** Value of a fold over nothing. */
export function foldIdentity(op: ReduceOp, dtype: DType): string {
  if (op === 'sum') return isWide(dtype) ? '0n' : '0';
  if (op === 'prod') return isWide(dtype) ? '1n' : '1';
  const lowest = op === 'max';
  if (isFloat(dtype)) return lowest ? '-Infinity' : 'Infinity';
  const { kind, bytes } = dtypes[dtype];
  const bits = BigInt(bytes * 8);
  if (kind === 'bool') return lowest ? '0' : '1';
  const value =
    kind === 'signed' ? (lowest ? -(2n ** (bits - 1n)) : 2n ** (bits - 1n) - 1n) : lowest ? 0n : 2n ** bits - 1n;
  return printNumber(dtype, isWide(dtype) ? value : Number(value));
}

export const foldOperator = (op: ReduceOp): BinaryOp => (op === 'sum' ? 'add' : op === 'prod' ? 'mul' : op);
