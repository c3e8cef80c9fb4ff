import binaryen from 'binaryen';
import type { BinaryOp, UnaryOp } from '../../../compiler/kernel/scalar.ts';
import type { DType } from '../../../compiler/tensor/dtype.ts';
import type { Ref } from '../kernels/code.ts';
import type { IntrinsicName, Surroundings } from './intrinsics.ts';
import { elementType, scalarConstant } from './scalar.ts';

export const laneNumbers = [0, 1, 2, 3] as const;

/** Four equal lanes; bool is a mask of all ones or all zeros. */
export function vectorConstant(m: binaryen.Module, dtype: DType, value: number | bigint): Ref {
  if (dtype === 'bool') return m.i32x4.splat(m.i32.const(value ? -1 : 0));
  return splat(m, dtype, scalarConstant(m, dtype, value));
}

export const vectorOfIntegers = (m: binaryen.Module, lanes: readonly number[]): Ref =>
  m.v128.const(new Uint8Array(Int32Array.from(lanes).buffer));

/** Four lanes of one scalar; a bool becomes a mask. */
export function splat(m: binaryen.Module, dtype: DType, x: Ref): Ref {
  if (dtype === 'float32') return m.f32x4.splat(x);
  return m.i32x4.splat(dtype === 'bool' ? m.i32.sub(m.i32.const(0), x) : x);
}

/** One lane as a scalar; a mask becomes 0 or 1. */
export function extract(m: binaryen.Module, dtype: DType, vector: Ref, lane: number): Ref {
  if (dtype === 'float32') return m.f32x4.extract_lane(vector, lane);
  const bits = m.i32x4.extract_lane(vector, lane);
  return dtype === 'bool' ? m.i32.and(bits, m.i32.const(1)) : bits;
}

/** A native unary primitive on four elements of type `dtype`. */
export function vectorUnary(to: Surroundings, op: UnaryOp, dtype: DType, x: Ref): Ref {
  const m = to.module;
  const isFloat = elementType(dtype) === 'float32';
  switch (op) {
    case 'neg':
      return isFloat ? m.f32x4.neg(x) : m.i32x4.neg(x);
    case 'abs':
      if (isFloat) return m.f32x4.abs(x);
      return dtype === 'int32' ? m.i32x4.abs(x) : x;
    case 'floor':
    case 'ceil':
    case 'trunc':
      return isFloat ? m.f32x4[op](x) : x;
    case 'round':
      return isFloat ? m.f32x4.nearest(x) : x;
    case 'sqrt':
      return m.f32x4.sqrt(x);
    case 'not':
      return m.v128.not(x);
    case 'floatBits':
    case 'bitsFloat':
      return x;
    default:
      throw new TypeError(`internal: ${op} of ${dtype} in a wasm kernel`);
  }
}

/** A native binary primitive on four elements of type `dtype`; comparisons give masks. */
export function vectorBinary(to: Surroundings, op: BinaryOp, dtype: DType, a: Ref, b: Ref): Ref {
  const type = elementType(dtype);
  if (type === 'float32') return floatBinary(to, op, a, b);
  return type === 'bool' ? maskBinary(to.module, op, a, b) : integerBinary(to, op, type === 'uint32', a, b);
}

function floatBinary(to: Surroundings, op: BinaryOp, a: Ref, b: Ref): Ref {
  const m = to.module;
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'max':
    case 'min':
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
      return m.f32x4[op](a, b);
    case 'rem':
      return byLane(to, 'float32', 'remainderFloat', a, b);
    default:
      throw new TypeError(`internal: ${op} of float32 in a wasm kernel`);
  }
}

function integerBinary(to: Surroundings, op: BinaryOp, unsigned: boolean, a: Ref, b: Ref): Ref {
  const { i32x4, v128 } = to.module;
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'eq':
    case 'ne':
      return i32x4[op](a, b);
    case 'and':
    case 'or':
    case 'xor':
      return v128[op](a, b);
    case 'max':
      return unsigned ? i32x4.max_u(a, b) : i32x4.max_s(a, b);
    case 'min':
      return unsigned ? i32x4.min_u(a, b) : i32x4.min_s(a, b);
    case 'lt':
      return unsigned ? i32x4.lt_u(a, b) : i32x4.lt_s(a, b);
    case 'le':
      return unsigned ? i32x4.le_u(a, b) : i32x4.le_s(a, b);
    case 'div':
      return byLane(to, 'int32', unsigned ? 'divideUnsigned' : 'divideSigned', a, b);
    case 'rem':
      return byLane(to, 'int32', unsigned ? 'remainderUnsigned' : 'remainderSigned', a, b);
    case 'shl':
    case 'shr':
      return shiftByLane(to, op, unsigned, a, b);
    default:
      throw new TypeError(`internal: ${op} of integers in a wasm kernel`);
  }
}

/** a shifted by one count for all lanes, an i32. */
export function vectorShift(to: Surroundings, op: 'shl' | 'shr', unsigned: boolean, a: Ref, count: Ref): Ref {
  const { i32x4 } = to.module;
  if (op === 'shl') return i32x4.shl(a, count);
  return unsigned ? i32x4.shr_u(a, count) : i32x4.shr_s(a, count);
}

function maskBinary(m: binaryen.Module, op: BinaryOp, a: Ref, b: Ref): Ref {
  switch (op) {
    case 'and':
    case 'mul':
    case 'min':
      return m.v128.and(a, b);
    case 'or':
    case 'max':
      return m.v128.or(a, b);
    case 'xor':
    case 'ne':
      return m.v128.xor(a, b);
    case 'eq':
      return m.v128.not(m.v128.xor(a, b));
    case 'lt':
      return m.v128.andnot(b, a);
    case 'le':
      return m.v128.or(b, m.v128.not(a));
    default:
      throw new TypeError(`internal: ${op} of bool in a wasm kernel`);
  }
}

function byLane(to: Surroundings, dtype: 'float32' | 'int32', name: IntrinsicName, a: Ref, b: Ref): Ref {
  const m = to.module;
  return perLane(to, a, b, (x, y, lane, into) => {
    const result = to.call(name, [extract(m, dtype, x, lane), extract(m, dtype, y, lane)]);
    if (into === undefined) return splat(m, dtype, result);
    return dtype === 'float32' ? m.f32x4.replace_lane(into, lane, result) : m.i32x4.replace_lane(into, lane, result);
  });
}

function shiftByLane(to: Surroundings, op: 'shl' | 'shr', unsigned: boolean, a: Ref, b: Ref): Ref {
  const { i32x4, i32 } = to.module;
  return perLane(to, a, b, (x, y, lane, into) => {
    const [value, count] = [i32x4.extract_lane(x, lane), i32x4.extract_lane(y, lane)];
    const right = unsigned ? i32.shr_u : i32.shr_s;
    const result = op === 'shl' ? i32.shl(value, count) : right(value, count);
    return into === undefined ? i32x4.splat(result) : i32x4.replace_lane(into, lane, result);
  });
}

function perLane(
  to: Surroundings,
  a: Ref,
  b: Ref,
  step: (a: Ref, b: Ref, lane: number, into: Ref | undefined) => Ref,
): Ref {
  return to.share(binaryen.v128, a, (x) =>
    to.share(binaryen.v128, b, (y) =>
      laneNumbers.reduce<Ref>(
        (into, lane) => (lane === 0 ? into : step(x(), y(), lane, into)),
        step(x(), y(), 0, undefined),
      ),
    ),
  );
}

/** Four values as another type: float to integer truncates and saturates, to bool is a mask of x != 0. */
export function vectorCast(to: Surroundings, from: DType, into: DType, x: Ref): Ref {
  const m = to.module;
  const [source, target] = [elementType(from), elementType(into)];
  if (source === target) return x;
  if (source === 'bool') {
    return m.v128.and(x, target === 'float32' ? m.f32x4.splat(m.f32.const(1)) : m.i32x4.splat(m.i32.const(1)));
  }
  if (source === 'float32') {
    if (target === 'bool') return m.f32x4.ne(x, m.f32x4.splat(m.f32.const(0)));
    return target === 'uint32' ? m.i32x4.trunc_sat_f32x4_u(x) : m.i32x4.trunc_sat_f32x4_s(x);
  }
  if (target === 'float32') return source === 'uint32' ? m.f32x4.convert_i32x4_u(x) : m.f32x4.convert_i32x4_s(x);
  if (target === 'bool') return m.i32x4.ne(x, m.i32x4.splat(m.i32.const(0)));
  return x;
}
