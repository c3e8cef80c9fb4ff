import { add, binary, div, type Expr, like, mul, reduce, unary } from '../kernel/expr.ts';
import { addIndex, makeAxis } from '../kernel/index-expr.ts';
import { dim } from '../tensor/shape.ts';
import { tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp } from './op.ts';
import { requireFamily, requireIntegers, requireRank } from './requirements.ts';

/** x / (bias + alpha / size * sum of x^2 over `size` channels around)^beta, x [N, C, ...] (ONNX LRN). */
export const lrn = defineOp('lrn', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x'],
  parse: (a) => ({
    size: a.number('size'),
    alpha: a.number('alpha', 1e-4),
    beta: a.number('beta', 0.75),
    bias: a.number('bias', 1),
  }),
  infer([x], { size }) {
    requireFamily('lrn', 'x', x, 'float');
    requireRank('lrn', 'x', x, 2);
    requireIntegers('lrn', 'size', [size], 1);
    return tensorType(x.dtype, x.shape);
  },
  meaning([x], axes, { size, alpha, beta, bias }) {
    const window = makeAxis('k', dim(size));
    const channel = addIndex(given(axes[1]), window, -Math.floor((size - 1) / 2));
    const neighbour = x.at(
      axes.map((a, i) => (i === 1 ? channel : a)),
      0,
    );
    const sum = reduce('sum', [window], mul(neighbour, neighbour));
    const base = add(mul(sum, like(sum, alpha / size)), like(sum, bias));
    return div(x.at(axes), power(base, beta));
  },
});

/** base^beta; the customary 3/4 and 1/2 by square roots. */
function power(base: Expr, beta: number): Expr {
  const root = unary('sqrt', base);
  if (beta === 0.5) return root;
  if (beta === 0.75) return mul(root, unary('sqrt', root));
  return beta === 1 ? base : binary('pow', base, like(base, beta));
}
