import { binary, constant, type Expr, select, unary } from '../expr.ts';

/** Shorthand for float32 expressions, and the steps that several functions share. */

export const float = (value: number): Expr => constant('float32', Math.fround(value));
export const int = (value: number): Expr => constant('int32', value | 0);

const operand = (x: Expr | number): Expr => (typeof x === 'number' ? float(x) : x);

export const add = (a: Expr | number, b: Expr | number): Expr => binary('add', operand(a), operand(b));
export const sub = (a: Expr | number, b: Expr | number): Expr => binary('sub', operand(a), operand(b));
export const mul = (a: Expr | number, b: Expr | number): Expr => binary('mul', operand(a), operand(b));
export const div = (a: Expr | number, b: Expr | number): Expr => binary('div', operand(a), operand(b));
export const less = (a: Expr | number, b: Expr | number): Expr => binary('lt', operand(a), operand(b));
export const equal = (a: Expr | number, b: Expr | number): Expr => binary('eq', operand(a), operand(b));
export const choose = (cond: Expr, a: Expr | number, b: Expr | number): Expr => select(cond, operand(a), operand(b));
export const abs = (x: Expr): Expr => unary('abs', x);
export const sqrt = (x: Expr): Expr => unary('sqrt', x);
export const round = (x: Expr): Expr => unary('round', x);
export const floor = (x: Expr): Expr => unary('floor', x);
export const bitsOf = (x: Expr): Expr => unary('floatBits', x);
export const fromBits = (x: Expr): Expr => unary('bitsFloat', x);

/** c[0] + c[1] t + c[2] t^2 + ... by Horner's rule. */
export const polynomial = (coefficients: readonly number[], t: Expr): Expr =>
  coefficients.slice(0, -1).reduceRight<Expr>((sum, c) => add(mul(sum, t), c), float(coefficients.at(-1) ?? 0));

/** `x` held inside [low, high]; NaN stays. */
export const clamp = (x: Expr, low: number, high: number): Expr => {
  const raised = choose(less(x, low), low, x);
  return choose(less(high, raised), high, raised);
};

/** The sign bit of `x` alone. */
export const signBit = (x: Expr): Expr => binary('and', bitsOf(x), int(0x80000000));

/** `x` with the sign flipped where `sign` has its top bit set. */
export const flipSign = (x: Expr, sign: Expr): Expr => fromBits(binary('xor', bitsOf(x), sign));

/** The leading 12 bits of the significand of `x`: products of two such are exact, with or without fused multiply-add. */
export const leadingBits = (x: Expr): Expr => fromBits(binary('and', bitsOf(x), int(0xfffff000)));

/** The integer of an integral float |n| <= 2^22, in the low bits of the result; only those are meaningful. */
export const lowBits = (n: Expr): Expr => bitsOf(add(n, 12582912));

const oneBits = int(0x3f800000);

/** 2^i for -126 <= i <= 127, of which only the low 9 bits count. */
export const powerOfTwo = (i: Expr): Expr => fromBits(binary('add', binary('shl', i, int(23)), oneBits));

/** p * 2^n for integral -252 <= n <= 254: by two factors, so that overflow and underflow round once. */
export function scaleByPower(p: Expr, n: Expr): Expr {
  const whole = lowBits(n);
  const half = binary('shr', whole, int(1));
  return mul(mul(p, powerOfTwo(half)), powerOfTwo(binary('sub', whole, half)));
}

/**
 * 2t / (1 + t^2), that is tanh(2 atanh(t)), of t = x/2 (1 + correction). It damps the errors of t the more, the nearer
 * the result is to 1, and the small correction keeps those near 0 down.
 */
export function doubleTanh(x: Expr, correction: Expr): Expr {
  const half = mul(x, 0.5);
  const t = add(mul(half, correction), half);
  return div(add(t, t), add(mul(t, t), 1));
}
