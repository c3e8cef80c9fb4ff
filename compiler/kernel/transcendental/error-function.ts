import type { Expr } from '../expr.ts';
import { clamp, div, doubleTanh, mul, polynomial } from './float32.ts';

/** erf(x) = 2t / (1 + t^2) with t = x/2 (1 + p(x^2) / q(x^2)), minimax to 2^-24.9 up to 3.93. */
export function erf(x: Expr): Expr {
  const bounded = clamp(x, -3.93, 3.93); // beyond, it rounds to 1
  const square = mul(bounded, bounded);
  const p = polynomial(
    [0.12837913632392883, 0.0033338326029479504, -0.015766045078635216, -0.0016367610078305006, -6.824305728514446e-6],
    square,
  );
  const q = polynomial([1, 0.15801425278186798, 0.035758696496486664, 0.002275529783219099], square);
  return doubleTanh(bounded, div(p, q));
}
