import { binary, type Expr, select } from '../expr.ts';
import {
  abs,
  add,
  choose,
  clamp,
  div,
  flipSign,
  float,
  int,
  less,
  lowBits,
  mul,
  polynomial,
  round,
  signBit,
  sub,
} from './float32.ts';

/**
 * pi/2 in pieces of 7 bits, whose products with an integer below 2^17 are exact, and a rest. Each piece is the nearest,
 * so the pieces differ in sign (Cody and Waite's reduction).
 */
const halfPiPieces: readonly number[] = [
  1.578125, -0.00732421875, -4.470348358154297e-6, 1.5832483768463135e-8, 6.093614501878619e-11,
  -1.6513995574653217e-13,
];

/** The first pieces are coarse enough for exact differences; each later one may round. */
const exactPieces = 3;

/** What is left of an angle after whole quarter turns; `low` is what rounding took from `high`. */
interface Rest {
  readonly high: Expr;
  readonly low: Expr;
}

/** |x| = k pi/2 + rest with |rest| <= pi/4; the low bits of k. Loses accuracy beyond 2^17, where the rest is only kept bounded. */
function reduceByHalfPi(x: Expr): { readonly k: Expr; readonly rest: Rest } {
  const size = abs(x);
  const k = round(mul(size, 2 / Math.PI));
  let high = size;
  let low = float(0);
  halfPiPieces.forEach((piece, i) => {
    const product = mul(k, piece);
    const rest = sub(high, product);
    if (i >= exactPieces) low = add(low, sub(sub(high, rest), product));
    high = rest;
  });
  return { k: lowBits(k), rest: { high: clamp(high, -0.8, 0.8), low: choose(less(abs(low), 1e-6), low, 0) } };
}

/** r + r^3 p(r^2), minimax to 2^-28. */
function sinNearZero({ high: r, low }: Rest): Expr {
  const square = mul(r, r);
  const p = polynomial([-0.16666655242443085, 0.008332191035151482, -0.00019518614863045514], square);
  return add(add(mul(mul(r, square), p), low), r);
}

/** 1 - r^2/2 + r^4 p(r^2), minimax to 2^-33. */
function cosNearZero({ high: r, low }: Rest): Expr {
  const square = mul(r, r);
  const p = polynomial([0.04166664555668831, -0.00138873013202101, 2.443066841806285e-5], square);
  return add(sub(1, mul(square, 0.5)), sub(mul(mul(square, square), p), mul(r, low)));
}

const isOdd = (k: Expr): Expr => binary('ne', binary('and', k, int(1)), int(0));

/** Bit 1 of k as a sign bit. */
const secondBitAsSign = (k: Expr): Expr => binary('shl', binary('and', k, int(2)), int(30));

export function sin(x: Expr): Expr {
  const { k, rest } = reduceByHalfPi(x);
  const value = choose(isOdd(k), cosNearZero(rest), sinNearZero(rest));
  return flipSign(value, binary('xor', secondBitAsSign(k), signBit(x)));
}

export function cos(x: Expr): Expr {
  const { k, rest } = reduceByHalfPi(x);
  const value = choose(isOdd(k), sinNearZero(rest), cosNearZero(rest));
  return flipSign(value, secondBitAsSign(binary('add', k, int(1))));
}

/** sin/cos, or -cos/sin in odd quadrants. */
export function tan(x: Expr): Expr {
  const { k, rest } = reduceByHalfPi(x);
  const s = sinNearZero(rest);
  const c = cosNearZero(rest);
  const odd = isOdd(k);
  const quotient = div(choose(odd, c, s), choose(odd, s, c));
  const sign = select(odd, int(0x80000000), int(0));
  return flipSign(quotient, binary('xor', sign, signBit(x)));
}
