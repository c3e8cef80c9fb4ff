import binaryen from 'binaryen';
import type { BinaryOp, UnaryOp } from '../../../compiler/kernel/scalar.ts';
import type { DType } from '../../../compiler/tensor/dtype.ts';
import type { Ref } from '../kernels/code.ts';
import type { Surroundings } from './intrinsics.ts';

/** Element types of kernels; bool is an i32 of 0 or 1. */
export type ElementType = 'float32' | 'int32' | 'uint32' | 'bool';

export function elementType(dtype: DType): ElementType {
  switch (dtype) {
    case 'float32':
    case 'int32':
    case 'uint32':
    case 'bool':
      return dtype;
    default:
      throw new TypeError(`internal: ${dtype} in a wasm kernel`);
  }
}

export const scalarType = (dtype: DType): binaryen.Type => (dtype === 'float32' ? binaryen.f32 : binaryen.i32);

export function scalarConstant(m: binaryen.Module, dtype: DType, value: number | bigint): Ref {
  return dtype === 'float32' ? m.f32.const(Number(value)) : m.i32.const(Number(value) | 0);
}

/** A native unary primitive on one element of type `dtype`. */
export function scalarUnary(to: Surroundings, op: UnaryOp, dtype: DType, x: Ref): Ref {
  const m = to.module;
  if (elementType(dtype) === 'float32') {
    switch (op) {
      case 'neg':
      case 'abs':
      case 'sqrt':
      case 'floor':
      case 'ceil':
      case 'trunc':
        return m.f32[op](x);
      case 'round':
        return m.f32.nearest(x);
      case 'floatBits':
        return m.i32.reinterpret(x);
      default:
        throw new TypeError(`internal: ${op} of ${dtype} in a wasm kernel`);
    }
  }
  switch (op) {
    case 'neg':
      return m.i32.sub(m.i32.const(0), x);
    case 'abs':
      return dtype === 'int32' ? absolute(to, x) : x;
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'round':
      return x;
    case 'not':
      return dtype === 'bool' ? m.i32.eqz(x) : m.i32.xor(x, m.i32.const(-1));
    case 'bitsFloat':
      return m.f32.reinterpret(x);
    default:
      throw new TypeError(`internal: ${op} of ${dtype} in a wasm kernel`);
  }
}

const absolute = (to: Surroundings, x: Ref): Ref =>
  to.share(binaryen.i32, x, (again) => {
    const m = to.module;
    const sign = (): Ref => m.i32.shr_s(again(), m.i32.const(31));
    return m.i32.sub(m.i32.xor(again(), sign()), sign());
  });

/** A native binary primitive on elements of type `dtype`; comparisons give 0 or 1. */
export function scalarBinary(to: Surroundings, op: BinaryOp, dtype: DType, a: Ref, b: Ref): Ref {
  const type = elementType(dtype);
  if (type === 'float32') return floatBinary(to, op, a, b);
  return type === 'bool' ? boolBinary(to, op, a, b) : integerBinary(to, op, type === 'uint32', a, b);
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
      return m.f32[op](a, b);
    case 'rem':
      return to.call('remainderFloat', [a, b]);
    default:
      throw new TypeError(`internal: ${op} of float32 in a wasm kernel`);
  }
}

function integerBinary(to: Surroundings, op: BinaryOp, unsigned: boolean, a: Ref, b: Ref): Ref {
  const i = to.module.i32;
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'and':
    case 'or':
    case 'xor':
    case 'shl':
    case 'eq':
    case 'ne':
      return i[op](a, b);
    case 'div':
      return to.call(unsigned ? 'divideUnsigned' : 'divideSigned', [a, b]);
    case 'rem':
      return to.call(unsigned ? 'remainderUnsigned' : 'remainderSigned', [a, b]);
    case 'shr':
      return unsigned ? i.shr_u(a, b) : i.shr_s(a, b);
    case 'lt':
      return unsigned ? i.lt_u(a, b) : i.lt_s(a, b);
    case 'le':
      return unsigned ? i.le_u(a, b) : i.le_s(a, b);
    case 'max':
    case 'min':
      return extreme(to, op, unsigned, a, b);
    default:
      throw new TypeError(`internal: ${op} of integers in a wasm kernel`);
  }
}

function extreme(to: Surroundings, op: 'max' | 'min', unsigned: boolean, a: Ref, b: Ref): Ref {
  return to.share(binaryen.i32, a, (x) =>
    to.share(binaryen.i32, b, (y) => {
      const m = to.module;
      const [first, second] = [x(), y()];
      const less = unsigned ? m.i32.lt_u(first, second) : m.i32.lt_s(first, second);
      return op === 'max' ? m.select(less, y(), x()) : m.select(less, x(), y());
    }),
  );
}

function boolBinary(to: Surroundings, op: BinaryOp, a: Ref, b: Ref): Ref {
  const i = to.module.i32;
  switch (op) {
    case 'and':
    case 'mul':
    case 'min':
      return i.and(a, b);
    case 'or':
    case 'max':
      return i.or(a, b);
    case 'xor':
    case 'ne':
      return i.xor(a, b);
    case 'eq':
      return i.eq(a, b);
    case 'lt':
      return i.lt_u(a, b);
    case 'le':
      return i.le_u(a, b);
    default:
      throw new TypeError(`internal: ${op} of bool in a wasm kernel`);
  }
}

/** The value of x as another type: float to integer truncates and saturates, to bool is x != 0. */
export function scalarCast(to: Surroundings, from: DType, into: DType, x: Ref): Ref {
  const m = to.module;
  const [source, target] = [elementType(from), elementType(into)];
  if (source === target) return x;
  if (source === 'float32') {
    if (target === 'bool') return m.f32.ne(x, m.f32.const(0));
    return truncate(to, target === 'uint32', x);
  }
  if (target === 'float32') return source === 'uint32' ? m.f32.convert_u.i32(x) : m.f32.convert_s.i32(x);
  if (target === 'bool') return m.i32.ne(x, m.i32.const(0));
  return x;
}

function truncate(to: Surroundings, unsigned: boolean, x: Ref): Ref {
  const m = to.module;
  if (to.saturates) return unsigned ? m.i32.trunc_u_sat.f32(x) : m.i32.trunc_s_sat.f32(x);
  const low = unsigned ? 0 : -(2 ** 31);
  const high = unsigned ? 2 ** 32 : 2 ** 31;
  return to.share(binaryen.f32, x, (again) => {
    const inside = m.i32.and(m.f32.ge(again(), m.f32.const(low)), m.f32.lt(again(), m.f32.const(high)));
    const safe = m.select(inside, again(), m.f32.const(0));
    const whole = unsigned ? m.i32.trunc_u.f32(safe) : m.i32.trunc_s.f32(safe);
    const raised = m.select(m.f32.ge(again(), m.f32.const(high)), m.i32.const(unsigned ? -1 : 0x7fff_ffff), whole);
    return m.select(m.f32.lt(again(), m.f32.const(low)), m.i32.const(low), raised);
  });
}
