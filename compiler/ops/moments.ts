import { add, div, type Expr, like, mul, reduce, sub, unary } from '../kernel/expr.ts';
import type { Axis } from '../kernel/index-expr.ts';

/** A way through the elements that are normalised together: fresh axes with each call. */
export type Traversal = () => { readonly axes: readonly Axis[]; readonly element: Expr };

export function mean(traversal: Traversal, of: (x: Expr) => Expr = (x) => x): Expr {
  const { axes, element } = traversal();
  const sum = reduce('sum', axes, of(element));
  const count = axes.reduce((product, a) => product * a.extent.size, 1);
  return div(sum, like(sum, count));
}

export const inverseRoot = (x: Expr, epsilon: number): Expr => div(like(x, 1), unary('sqrt', add(x, like(x, epsilon))));

/** (x - mean) / sqrt(variance + epsilon); the variance in a second pass, so that large means cost no accuracy. */
export function standardise(x: Expr, traversal: Traversal, epsilon: number): Expr {
  const center = mean(traversal);
  const variance = mean(traversal, (e) => {
    const deviation = sub(e, center);
    return mul(deviation, deviation);
  });
  return mul(sub(x, center), inverseRoot(variance, epsilon));
}
