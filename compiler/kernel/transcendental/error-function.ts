import type { Expr } from '../expr.ts';
import { clamp, div, mul, polynomial } from './float32.ts';

/** x p(x^2) / q(x^2), minimax to 2^-24 up to 3.93, where erf rounds to 1. */
export function erf(x: Expr): Expr {
  const t = clamp(x, -3.93, 3.93);
  const square = mul(t, t);
  const p = polynomial(
    [
      1.1283791065216064, 0.19078443944454193, 0.05279036611318588, 0.003779635764658451, 0.0002848092990461737,
      2.04196749109542e-6,
    ],
    square,
  );
  const q = polynomial(
    [1, 0.5024110078811646, 0.11425777524709702, 0.014997490681707859, 0.0011652193497866392, 3.800408012466505e-5],
    square,
  );
  return div(mul(t, p), q);
}
