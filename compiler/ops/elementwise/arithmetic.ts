import {
  add,
  binary,
  cast,
  constant,
  div,
  type Expr,
  like,
  maximum,
  minimum,
  mul,
  select,
  sub,
  unary,
} from '../../kernel/expr.ts';
import type { UnaryOp } from '../../kernel/scalar.ts';
import { dtypes, isFloat } from '../../tensor/dtype.ts';
import { given } from '../given.ts';
import { limitsOf } from '../limits.ts';
import { OpError } from '../op.ts';
import { isSigned, requireOneOf } from '../requirements.ts';
import { binaryOf, elementwise, type NamedOp, nameOps, unaryOf } from './row.ts';

const primitive = (op: UnaryOp): NamedOp => unaryOf('float', (x) => unary(op, x));
const steps = (op: UnaryOp): NamedOp => unaryOf('float', (x) => unary(op, x), 'discontinuous');
const zero = (x: Expr): Expr => like(x, 0);

export const arithmetic = nameOps({
  neg: unaryOf('signed', (x) => unary('neg', x)),
  abs: unaryOf('numeric', (x) => (isSigned(x.dtype) ? unary('abs', x) : x)),
  sign: unaryOf('numeric', sign, 'discontinuous'),
  floor: steps('floor'),
  ceil: steps('ceil'),
  round: steps('round'),
  sqrt: primitive('sqrt'),
  reciprocal: unaryOf('float', (x) => div(like(x, 1), x)),
  exp: primitive('exp'),
  log: primitive('log'),
  sin: primitive('sin'),
  cos: primitive('cos'),
  tan: primitive('tan'),
  asin: primitive('asin'),
  acos: primitive('acos'),
  atan: primitive('atan'),
  sinh: primitive('sinh'),
  cosh: primitive('cosh'),
  asinh: primitive('asinh'),
  acosh: primitive('acosh'),
  atanh: primitive('atanh'),
  erf: primitive('erf'),
  clip: elementwise({
    operands: ['numeric'],
    parse: (a) => ({ min: a.number('min', -Infinity), max: a.number('max', Infinity) }),
    value: ([x], { min, max }) => clip(given(x), min, max),
  }),
  add: binaryOf('numeric', add),
  sub: binaryOf('numeric', sub),
  mul: binaryOf('numeric', mul),
  div: binaryOf('numeric', div),
  max: binaryOf('numeric', maximum),
  min: binaryOf('numeric', minimum),
  /** fmod: the sign of the dividend; otherwise integers only, the sign of the divisor (ONNX Mod). */
  mod: elementwise({
    operands: ['numeric', 'numeric'],
    tolerance: 'discontinuous',
    parse: (a) => ({ fmod: a.boolean('fmod', false) }),
    check: ([dtype], { fmod }) => {
      if (dtype !== undefined && isFloat(dtype) && !fmod) throw new OpError(`mod: ${dtype} needs fmod`);
    },
    value: ([a, b], { fmod }) => (fmod ? binary('rem', given(a), given(b)) : floorMod(given(a), given(b))),
  }),
  /** The result has the base's type; the exponent may have another. */
  pow: elementwise({
    operands: ['numeric', 'free'],
    parse: () => undefined,
    check: ([, exponent]) => {
      if (exponent === 'bool') throw new OpError('pow: the exponent must be numeric, not bool');
    },
    value: ([a, b]) => pow(given(a), given(b)),
  }),
  /** Counts of the width of the type and more give 0. */
  bitShift: elementwise({
    operands: ['integer', 'integer'],
    tolerance: 'exact',
    parse: (a) => ({ direction: requireOneOf('bitShift', 'direction', a.string('direction'), ['left', 'right']) }),
    value: ([a, b], { direction }) => shift(given(a), given(b), direction),
  }),
  bitwiseAnd: binaryOf('integer', (a, b) => binary('and', a, b)),
  bitwiseOr: binaryOf('integer', (a, b) => binary('or', a, b)),
  bitwiseXor: binaryOf('integer', (a, b) => binary('xor', a, b)),
  bitwiseNot: unaryOf('integer', (x) => unary('not', x), 'exact'),
});

/** 1, 0 or -1; zeros and NaN stay themselves. */
function sign(x: Expr): Expr {
  const positive = select(binary('lt', zero(x), x), like(x, 1), x);
  return isSigned(x.dtype) ? select(binary('lt', x, zero(x)), like(x, -1), positive) : positive;
}

/** min(max(x, low), high), bounds that the type cannot exceed left out. */
function clip(x: Expr, min: number, max: number): Expr {
  const { low, high } = limitsOf(x.dtype);
  const [from, to] = isFloat(x.dtype) ? [min, max] : [Math.min(Math.ceil(min), high), Math.max(Math.floor(max), low)];
  const raised = from > low ? maximum(x, like(x, from)) : x;
  return to < high ? minimum(raised, like(x, to)) : raised;
}

/** a mod b with the sign of b. */
function floorMod(a: Expr, b: Expr): Expr {
  const rest = binary('rem', a, b);
  if (!isSigned(a.dtype)) return rest;
  const opposed = binary('xor', binary('lt', rest, zero(a)), binary('lt', b, zero(a)));
  const inexact = binary('ne', rest, zero(a));
  return select(binary('and', inexact, opposed), add(rest, b), rest);
}

function pow(base: Expr, exponent: Expr): Expr {
  if (isFloat(base.dtype)) return binary('pow', base, cast(base.dtype, exponent));
  if (isFloat(exponent.dtype)) return cast(base.dtype, binary('pow', cast(exponent.dtype, base), exponent));
  return integerPow(base, exponent);
}

/** Squaring over the exponent's bits, exact modulo the width of the base. Exponents reach kernels in 32 bits. */
function integerPow(base: Expr, exponent: Expr): Expr {
  const { bytes } = dtypes[exponent.dtype];
  const bits = Math.min(31, 8 * bytes - (isSigned(exponent.dtype) ? 1 : 0));
  let power = base;
  let result: Expr = like(base, 1);
  for (let i = 0; i < bits; i++) {
    const bit = binary('and', exponent, like(exponent, 2 ** i));
    result = select(binary('ne', bit, zero(exponent)), mul(result, power), result);
    power = mul(power, power);
  }
  if (!isSigned(exponent.dtype)) return result;
  // 1 / b^n truncated is 0 for all b but 1 and -1
  const odd = binary('ne', binary('and', exponent, like(exponent, 1)), zero(exponent));
  const ofMinusOne = select(odd, base, like(base, 1));
  const isMinusOne = isSigned(base.dtype) ? binary('eq', base, like(base, -1)) : constant('bool', false);
  const isOne = binary('eq', base, like(base, 1));
  const inverse = select(isMinusOne, ofMinusOne, select(isOne, base, zero(base)));
  return select(binary('lt', exponent, zero(exponent)), inverse, result);
}

function shift(a: Expr, count: Expr, direction: 'left' | 'right'): Expr {
  const width = 8 * dtypes[a.dtype].bytes;
  const shifted = binary(direction === 'left' ? 'shl' : 'shr', a, count);
  return select(binary('lt', count, like(count, width)), shifted, zero(a));
}
