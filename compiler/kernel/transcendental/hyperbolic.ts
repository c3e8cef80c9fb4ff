import type { Expr } from '../expr.ts';
import { exp } from './exponential.ts';
import { abs, add, choose, div, doubleTanh, flipSign, less, mul, polynomial, signBit, sqrt, sub } from './float32.ts';
import { ln2, log1p } from './logarithm.ts';

/** tanh(x) from tanh(x / 2) = h + h z p(z) / q(z) with h = x / 2 and z = x^2, minimax to 2^-26 up to 9.02. */
export function tanh(x: Expr): Expr {
  const size = abs(x);
  const bounded = choose(less(9.02, size), 9.02, size); // beyond, it rounds to 1
  const square = mul(bounded, bounded);
  const p = polynomial([-0.08333326876163483, -0.0009741309331730008, -6.924069850811065e-8], square);
  const q = polynomial([1, 0.1116887703537941, 0.0010509088169783354], square);
  return flipSign(doubleTanh(bounded, div(mul(square, p), q)), signBit(x));
}

/** x + x^3 p(x^2) for |x| < 1, minimax to 2^-25; from there (e^x - e^-x) / 2. */
export function sinh(x: Expr): Expr {
  const size = abs(x);
  const square = mul(x, x);
  const near = add(
    mul(mul(x, square), polynomial([0.166667178273201, 0.008330223150551319, 0.00020376633619889617], square)),
    x,
  );
  const half = exp(size, -1);
  return choose(less(size, 1), near, flipSign(sub(half, div(0.25, half)), signBit(x)));
}

export function cosh(x: Expr): Expr {
  const half = exp(abs(x), -1);
  return add(half, div(0.25, half));
}

/** Where the square of x outweighs 1 so far that asinh and acosh are log(2x). */
const isLarge = (size: Expr): Expr => less(2 ** 30, size);

/** log1p(a + a^2 / (1 + sqrt(a^2 + 1))) with the sign of x. */
export function asinh(x: Expr): Expr {
  const size = abs(x);
  const square = mul(size, size);
  const sum = add(size, div(square, add(sqrt(add(square, 1)), 1)));
  return flipSign(logWithLarge(size, sum), signBit(x));
}

/** log1p(t + sqrt(t (t + 2))) with t = x - 1. */
export function acosh(x: Expr): Expr {
  const t = sub(x, 1);
  const result = logWithLarge(x, add(t, sqrt(mul(t, add(t, 2)))));
  return choose(less(x, 1), Number.NaN, result);
}

const logWithLarge = (size: Expr, argument: Expr): Expr => {
  const large = isLarge(size);
  return add(log1p(choose(large, size, argument)), choose(large, ln2, 0));
};

/** log1p(2a / (1 - a)) / 2 with the sign of x. */
export function atanh(x: Expr): Expr {
  const size = abs(x);
  return flipSign(mul(log1p(div(add(size, size), sub(1, size))), 0.5), signBit(x));
}
