import { binary, type Expr, unary } from '../expr.ts';
import type { BinaryOp, binaryOps, UnaryOp, unaryOps } from '../scalar.ts';
import { erf } from './error-function.ts';
import { exp, expm1, sigmoid } from './exponential.ts';
import { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts';
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts';
import { log, log1p } from './logarithm.ts';
import { pow, powConstant } from './power.ts';
import { cos, sin, tan } from './trigonometric.ts';

type Composite<T extends Record<string, { readonly native: boolean }>> = {
  [K in keyof T]: T[K]['native'] extends false ? K : never;
}[keyof T];

export type CompositeUnary = Composite<typeof unaryOps>;
export type CompositeBinary = Composite<typeof binaryOps>;

const unaryExpansions: Readonly<Record<CompositeUnary, (x: Expr) => Expr>> = {
  exp: (x) => exp(x),
  expm1,
  log,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  erf,
  sigmoid,
};

const binaryExpansions: Readonly<Record<CompositeBinary, (a: Expr, b: Expr) => Expr>> = {
  pow: (a, b) => (b.kind === 'const' ? powConstant(a, Number(b.value)) : undefined) ?? pow(a, b),
  atan2,
};

export const isCompositeUnary = (op: UnaryOp): op is CompositeUnary => op in unaryExpansions;
export const isCompositeBinary = (op: BinaryOp): op is CompositeBinary => op in binaryExpansions;

/**
 * A unary primitive in native float32 arithmetic: within 4 ulp of the true value for all finite arguments (sin, cos and
 * tan up to 2^17), also where multiply-adds are fused. Native primitives come back as they are.
 */
export const expandUnary = (op: UnaryOp, x: Expr): Expr =>
  isCompositeUnary(op) ? unaryExpansions[op](x) : unary(op, x);

/** The same for binary primitives. */
export const expandBinary = (op: BinaryOp, a: Expr, b: Expr): Expr =>
  isCompositeBinary(op) ? binaryExpansions[op](a, b) : binary(op, a, b);
