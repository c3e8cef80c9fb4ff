import type { BinaryOp, UnaryOp } from '../../compiler/kernel/scalar.ts';
import type { CompositeBinary, CompositeUnary } from '../../compiler/kernel/transcendental/index.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import { atom, bitcast, call, convert, floatText, infix, prefix, type ScalarType, splat, type Value } from './value.ts';

export type NativeUnary = Exclude<UnaryOp, CompositeUnary>;
export type NativeBinary = Exclude<BinaryOp, CompositeBinary>;

/** What the rendering of a primitive may ask of its module. */
export interface ModuleParts {
  /** infinity or NaN by their bits, read from a variable: WGSL has no such constants */
  special(bits: number): Value;
  /** C fmod */
  floatRemainder(a: Value, b: Value): Value;
}

export function scalarType(dtype: DType): ScalarType {
  switch (dtype) {
    case 'float32':
      return 'f32';
    case 'int32':
      return 'i32';
    case 'uint32':
      return 'u32';
    case 'bool':
      return 'bool';
    default:
      throw new TypeError(`internal: ${dtype} in a WebGPU kernel`);
  }
}

export function scalarConstant(dtype: DType, value: number, parts: ModuleParts): Value {
  const type = scalarType(dtype);
  switch (type) {
    case 'f32': {
      const rounded = Math.fround(value);
      if (!Number.isFinite(rounded)) return parts.special(specialBits(rounded));
      if (Object.is(rounded, -0)) return { text: '-0f', type, width: 1, isAtom: false };
      return { text: floatText(rounded), type, width: 1, isAtom: rounded >= 0 };
    }
    case 'i32':
      return value === -0x80000000
        ? atom('i32(-2147483648)', type)
        : { text: `${value}i`, type, width: 1, isAtom: value >= 0 };
    case 'u32':
      return atom(`${value}u`, type);
    case 'bool':
      return atom(value === 0 ? 'false' : 'true', type);
    default:
      return type satisfies never;
  }
}

const specialBits = (value: number): number => (Number.isNaN(value) ? 0x7fc00000 : value > 0 ? 0x7f800000 : 0xff800000);

const builtin =
  (name: string) =>
  (x: Value): Value =>
    call(name, [x], x.type, x.width);

const unaryRows: Readonly<Record<NativeUnary, (x: Value) => Value>> = {
  neg: (x) => (x.type === 'u32' ? infix('-', atom('0u', 'u32'), x) : prefix('-', x)),
  abs: (x) => (x.type === 'u32' ? x : builtin('abs')(x)),
  sqrt: builtin('sqrt'),
  floor: builtin('floor'),
  ceil: builtin('ceil'),
  trunc: builtin('trunc'),
  round: builtin('round'),
  not: (x) => prefix(x.type === 'bool' ? '!' : '~', x),
  floatBits: (x) => bitcast('i32', x),
  bitsFloat: (x) => bitcast('f32', x),
};

type Row = (a: Value, b: Value, parts: ModuleParts) => Value;

const arithmetic =
  (op: string): Row =>
  (a, b) =>
    infix(op, a, b);
/** Operators and functions that take operands of one width only. */
const even =
  (make: Row): Row =>
  (a, b, parts) =>
    a.width === b.width ? make(a, b, parts) : make(splat(a), splat(b), parts);
const comparison = (op: string): Row => even((a, b) => infix(op, a, b, 'bool'));
const extremum = (name: string, ofBool: string): Row =>
  even((a, b) => (a.type === 'bool' ? infix(ofBool, a, b) : call(name, [a, b], a.type, a.width)));
const shift = (op: string): Row =>
  even((a, b) => {
    const count = infix('&', convert('u32', b), like(b, '31u', 'u32'));
    return infix(op, a, count);
  });

const like = (x: Value, text: string, type: ScalarType): Value =>
  x.width === 4 ? splat(atom(text, type)) : atom(text, type);

const zeroOf = (x: Value): Value => like(x, x.type === 'u32' ? '0u' : '0i', x.type);

const binaryRows: Readonly<Record<NativeBinary, Row>> = {
  add: arithmetic('+'),
  sub: arithmetic('-'),
  mul: arithmetic('*'),
  div: (a, b, parts) => (a.type === 'f32' ? infix('/', a, b) : integerDivision(a, b, parts)),
  rem: even((a, b, parts) => {
    if (a.type === 'f32') return parts.floatRemainder(a, b);
    return isZero(b) ? zeroOf(a) : infix('%', a, b);
  }),
  max: extremum('max', '|'),
  min: extremum('min', '&'),
  and: even((a, b) => infix('&', a, b)),
  or: even((a, b) => infix('|', a, b)),
  xor: even((a, b) => infix(a.type === 'bool' ? '!=' : '^', a, b)),
  shl: shift('<<'),
  shr: shift('>>'),
  eq: comparison('=='),
  ne: comparison('!='),
  lt: comparison('<'),
  le: comparison('<='),
};

const isZero = (x: Value): boolean => /^(vec4<[iu]32>\()?0[iu]\)?$/.test(x.text);
const isPositiveLiteral = (x: Value): boolean => /^[1-9]\d*[iu]$/.test(x.text);

/** WGSL gives a / 0 = a; lcc's kernels want 0. */
const integerDivision = even((a, b) => {
  if (isZero(b)) return zeroOf(a);
  const quotient = infix('/', a, b);
  return isPositiveLiteral(b) ? quotient : select(infix('==', b, zeroOf(b), 'bool'), zeroOf(a), quotient);
});

export const renderUnary = (op: NativeUnary, x: Value): Value => unaryRows[op](x);
export const renderBinary = (op: NativeBinary, a: Value, b: Value, parts: ModuleParts): Value =>
  binaryRows[op](a, b, parts);

/** cond ? a : b, lane by lane where any is a vector. */
export function select(cond: Value, a: Value, b: Value): Value {
  const isWide = cond.width === 4 || a.width === 4 || b.width === 4;
  const [x, y] = isWide ? [splat(a), splat(b)] : [a, b];
  return call('select', [y, x, cond], x.type, x.width);
}

/** NaN by its bits: comparisons may be taken to never see one. */
export const isNaNOf = (x: Value): Value =>
  infix('>', infix('&', bitcast('u32', x), like(x, '0x7fffffffu', 'u32')), like(x, '0x7f800000u', 'u32'), 'bool');

export function renderCast(dtype: DType, x: Value): Value {
  const type = scalarType(dtype);
  if (type !== 'bool' || x.type === 'bool') return convert(type, x);
  const zero = x.type === 'f32' ? like(x, '0f', 'f32') : zeroOf(x);
  return infix('!=', x, zero, 'bool');
}
