import { binary, cast, type Expr } from '../expr.ts';
import { abs, add, bitsOf, choose, equal, float, fromBits, int, less, mul, polynomial, sub } from './float32.ts';

const smallestNormal = 2 ** -126;
const ln2High = 0.693359375;
const ln2Low = -0.00021219444170128554;

/** x = 2^k m with sqrt(1/2) <= m < sqrt(2), for positive finite x, subnormal ones included. */
export function splitBinary(x: Expr): { readonly k: Expr; readonly m: Expr } {
  const isSubnormal = less(x, smallestNormal);
  const bits = bitsOf(choose(isSubnormal, mul(x, 2 ** 23), x));
  const k = exponentOf(bits);
  return {
    k: sub(cast('float32', k), choose(isSubnormal, 23, 0)),
    m: fromBits(binary('sub', bits, binary('shl', k, int(23)))),
  };
}

/** Exponent k of the split above, from the bits of a normal float. */
const exponentOf = (bits: Expr): Expr => binary('shr', binary('sub', bits, int(0x3f3504f3)), int(23));

/** k ln 2 + log(1 + f), sqrt(1/2) <= 1 + f < sqrt(2): f - f^2/2 + f^3 p(f), minimax to 2^-27. */
function logOf(k: Expr, f: Expr): Expr {
  const square = mul(f, f);
  const p = polynomial(
    [
      0.3333333134651184, -0.2500081956386566, 0.2000124156475067, -0.166234090924263, 0.14201581478118896,
      -0.13159611821174622, 0.12762199342250824, -0.07636399567127228,
    ],
    f,
  );
  const small = add(mul(mul(f, square), p), mul(k, ln2Low));
  return add(mul(k, ln2High), add(f, sub(small, mul(square, 0.5))));
}

/** `result` where `u` is positive and finite; else the logarithm's limits: infinity, -infinity at 0, NaN. */
const withLimits = (u: Expr, result: Expr): Expr =>
  choose(less(0, u), choose(less(u, Infinity), result, u), choose(equal(u, 0), -Infinity, Number.NaN));

export function log(x: Expr): Expr {
  const { k, m } = splitBinary(x);
  return withLimits(x, logOf(k, sub(m, 1)));
}

/** log(1 + x): 1 + x picks k alone; f = 2^-k x + (2^-k - 1) comes from x itself. */
export function log1p(x: Expr): Expr {
  const u = add(x, 1);
  const k = exponentOf(bitsOf(u));
  const shift = binary('shl', k, int(23));
  const scaled = fromBits(binary('sub', bitsOf(x), shift));
  const power = fromBits(binary('sub', int(0x3f800000), binary('shl', binary('min', k, int(100)), int(23))));
  const isNear = binary('eq', k, int(0));
  const f = choose(isNear, x, add(scaled, sub(power, 1)));
  return choose(less(abs(x), 2 ** -25), x, withLimits(u, logOf(cast('float32', k), f)));
}

export const ln2 = float(Math.LN2);
