import type { Expr } from '../expr.ts';
import {
  abs,
  add,
  choose,
  clamp,
  div,
  less,
  lowBits,
  mul,
  polynomial,
  powerOfTwo,
  round,
  scaleByPower,
  sub,
} from './float32.ts';

/** ln 2 in two parts; the first has 15 bits, so that its product with an integer below 512 is exact. */
const ln2High = 0.693145751953125;
const ln2Low = 1.428606765330187e-6;

/** x = n ln 2 + r with integral n and |r| <= ln 2 / 2. */
function reduceByLn2(x: Expr): { readonly n: Expr; readonly r: Expr } {
  const n = round(mul(x, Math.LOG2E));
  return { n, r: sub(sub(x, mul(n, ln2High)), mul(n, ln2Low)) };
}

/** exp(r) - 1 = r + r^2 q(r) for |r| <= ln 2 / 2, minimax to 2^-28 of exp(r), 2^-26 of the result. */
export const expMinusOneNearZero = (r: Expr): Expr =>
  add(
    mul(
      mul(r, r),
      polynomial([0.5, 0.1666654497385025, 0.04166640341281891, 0.008366397581994534, 0.0013940650969743729], r),
    ),
    r,
  );

/** exp(x) * 2^shift; finite up to where the result is. */
export function exp(x: Expr, shift = 0): Expr {
  const { n, r } = reduceByLn2(clamp(x, -104, 91));
  return scaleByPower(add(expMinusOneNearZero(r), 1), shift === 0 ? n : add(n, shift));
}

/** 2^n (exp(r) - 1) + (2^n - 1), at half scale until the end so that 2^128 stays in range. */
export function expm1(x: Expr): Expr {
  const { n, r } = reduceByLn2(clamp(x, -18, 89));
  const scale = powerOfTwo(lowBits(sub(n, 1)));
  const result = mul(add(mul(expMinusOneNearZero(r), scale), sub(scale, 0.5)), 2);
  return choose(less(abs(x), 2 ** -25), x, result);
}

/** exp(-|x|) / (1 + exp(-|x|)) for negative x, 1 / (1 + exp(-|x|)) for the others. */
export function sigmoid(x: Expr): Expr {
  const e = exp(sub(0, abs(x)));
  return div(choose(less(x, 0), e, 1), add(e, 1));
}
