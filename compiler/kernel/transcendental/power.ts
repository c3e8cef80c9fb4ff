import { binary, type Expr, select, unary } from '../expr.ts';
import { expMinusOneNearZero } from './exponential.ts';
import {
  abs,
  add,
  choose,
  clamp,
  div,
  equal,
  flipSign,
  floor,
  int,
  leadingBits,
  less,
  mul,
  polynomial,
  round,
  scaleByPower,
  signBit,
  sqrt,
  sub,
} from './float32.ts';
import { splitBinary } from './logarithm.ts';

/** An unevaluated sum; `high` has at most 12 significant bits. */
interface Pair {
  readonly high: Expr;
  readonly low: Expr;
}

/**
 * log2(x) to about 2^-33, x positive and finite. With s = (m - 1) / (m + 1):
 * log2(m) = 2 / (3 ln 2) * s (3 + s^2 + 3 s^4 (1/5 + s^2/7 + ...)), every leading product exact by 12-bit factors.
 */
function log2Pair(x: Expr): Pair {
  const { k, m } = splitBinary(x);
  const numerator = sub(m, 1);
  const denominator = add(m, 1);
  const inverse = div(1, denominator);
  const s = mul(numerator, inverse);
  const sHigh = leadingBits(s);
  const dHigh = leadingBits(denominator);
  const dLow = sub(m, sub(dHigh, 1));
  const sLow = mul(sub(sub(numerator, mul(sHigh, dHigh)), mul(sHigh, dLow)), inverse);

  const square = mul(s, s);
  const exactSquare = mul(sHigh, sHigh);
  const tail = mul(
    mul(square, square),
    polynomial([0.6000022888183594, 0.4282063841819763, 0.3512927293777466], square),
  );
  const rest = add(mul(sLow, add(sHigh, s)), tail);
  const sumHigh = leadingBits(add(add(exactSquare, 3), rest));
  const sumLow = sub(rest, sub(sub(sumHigh, 3), exactSquare));

  const productHigh = mul(sHigh, sumHigh);
  const productLow = add(mul(sLow, sumHigh), mul(sumLow, s));
  const tripleHigh = leadingBits(add(productHigh, productLow));
  const tripleLow = sub(productLow, sub(tripleHigh, productHigh));

  const factor = 2 / (3 * Math.LN2);
  const factorHigh = 0.9619140625; // 12 bits
  const logHigh = mul(tripleHigh, factorHigh);
  const logLow = add(mul(tripleHigh, factor - factorHigh), mul(tripleLow, factor));
  const high = leadingBits(add(k, add(logHigh, logLow)));
  return { high, low: sub(logLow, sub(sub(high, k), logHigh)) };
}

/** |x|^y for positive finite |x|. */
function magnitude(x: Expr, y: Expr): Expr {
  const { high, low } = log2Pair(x);
  const bounded = clamp(y, -(2 ** 35), 2 ** 35); // beyond, all results but 1 overflow or underflow
  const yHigh = leadingBits(bounded);
  const productHigh = mul(yHigh, high);
  const productLow = add(mul(sub(bounded, yHigh), high), mul(bounded, low));
  const exponent = add(productHigh, productLow);
  const n = round(clamp(exponent, -160, 130));
  const fraction = choose(less(160, abs(exponent)), 0, add(sub(productHigh, n), productLow));
  return scaleByPower(add(expMinusOneNearZero(mul(fraction, Math.LN2)), 1), n);
}

/** x^y with all the limits of C's powf (ISO C, annex F.10.4.4). */
export function pow(x: Expr, y: Expr): Expr {
  const size = abs(x);
  const isBounded = less(size, Infinity);
  const isRegular = binary('and', less(0, size), isBounded);
  const limit = choose(less(y, 0), div(1, size), size);
  const absolute = choose(isRegular, magnitude(size, y), limit);
  const half = mul(y, 0.5);
  const isInteger = equal(floor(y), y);
  const isOdd = binary('and', isInteger, unary('not', equal(floor(half), half)));
  const signed = flipSign(absolute, binary('and', signBit(x), select(isOdd, int(-1), int(0))));
  const isUndefined = binary('and', binary('and', less(x, 0), isBounded), unary('not', isInteger));
  const defined = choose(isUndefined, Number.NaN, choose(equal(y, y), signed, y));
  return choose(binary('or', equal(y, 0), equal(x, 1)), 1, defined);
}

/** x^y for the exponents that need no logarithm; undefined for others. */
export function powConstant(x: Expr, y: number): Expr | undefined {
  switch (y) {
    case 1:
      return x;
    case 2:
      return mul(x, x);
    case 3:
      return mul(mul(x, x), x);
    case 4:
      return mul(mul(x, x), mul(x, x));
    case -1:
      return div(1, x);
    case 0.5:
      return choose(equal(x, -Infinity), Infinity, add(sqrt(x), 0)); // + 0 makes sqrt(-0) positive
    default:
      return undefined;
  }
}
