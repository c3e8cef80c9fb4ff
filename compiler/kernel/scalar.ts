/**
 * Scalar primitives. `native` ones every target renders by a row in its own scalar table; the others are expanded to
 * native ones by kernel/transcendental, except in the evaluator, which computes them in float64.
 */
export interface UnaryFacts {
  readonly native: boolean;
  readonly result: 'same' | 'bool';
}

const native = { native: true, result: 'same' } as const;
const composite = { native: false, result: 'same' } as const;

export const unaryOps = {
  neg: native,
  abs: native,
  sqrt: native,
  floor: native,
  ceil: native,
  trunc: native,
  /** to nearest, ties to even */
  round: native,
  /** logical for bool, bitwise for integers */
  not: native,
  /** float32 to int32 of the same bits; only inside expansions */
  floatBits: native,
  /** int32 to float32 of the same bits; only inside expansions */
  bitsFloat: native,
  exp: composite,
  expm1: composite,
  log: composite,
  log1p: composite,
  sin: composite,
  cos: composite,
  tan: composite,
  asin: composite,
  acos: composite,
  atan: composite,
  sinh: composite,
  cosh: composite,
  tanh: composite,
  asinh: composite,
  acosh: composite,
  atanh: composite,
  erf: composite,
  /** 1 / (1 + exp(-x)) */
  sigmoid: composite,
} as const satisfies Record<string, UnaryFacts>;

export type UnaryOp = keyof typeof unaryOps;

const compare = { native: true, result: 'bool' } as const;

/** Integer arithmetic wraps at the width of the type. */
export const binaryOps = {
  add: native,
  sub: native,
  mul: native,
  /** integers truncate; an integer division by zero gives 0 */
  div: native,
  /** remainder with the sign of the dividend (C fmod); an integer remainder by zero gives 0 */
  rem: native,
  /** NaN if either is NaN */
  max: native,
  /** NaN if either is NaN */
  min: native,
  /** logical for bool, bitwise for integers */
  and: native,
  or: native,
  xor: native,
  /** shifts by 0 to 31 (63); the count is taken modulo the width */
  shl: native,
  /** arithmetic for signed, logical for unsigned */
  shr: native,
  eq: compare,
  ne: compare,
  lt: compare,
  le: compare,
  pow: composite,
  atan2: composite,
} as const satisfies Record<string, UnaryFacts>;

export type BinaryOp = keyof typeof binaryOps;
