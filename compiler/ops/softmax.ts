import { binary, constant, div, type Expr, indexValue, like, mul, reduce, select, sub, unary } from '../kernel/expr.ts';
import { type Axis, makeAxis } from '../kernel/index-expr.ts';
import { tensorType } from '../tensor/tensor.ts';
import { positionOf } from './arg-reduce.ts';
import { given } from './given.ts';
import { defineOp, type Op, type Operand, type Tolerance } from './op.ts';
import { requireAxis, requireFamily } from './requirements.ts';

type Row = (position: Axis) => Expr;

/** An op that maps each row of x along `axis` to a row of the same length. */
const rowOp = (name: string, tolerance: Tolerance, element: (row: Row, position: Axis) => Expr): Op =>
  defineOp(name, {
    class: 'reduction',
    tolerance,
    inputs: ['x'],
    parse: (a) => ({ axis: a.number('axis') }),
    infer([x], { axis }) {
      requireFamily(name, 'x', x, 'float');
      requireAxis(name, axis, x.shape.length);
      return tensorType(x.dtype, x.shape);
    },
    meaning: ([x], axes, { axis }) => element(rowAt(x, axes, axis), given(axes[axis])),
  });

const rowAt =
  (x: Operand, axes: readonly Axis[], axis: number): Row =>
  (position) =>
    x.at(axes.with(axis, position));

/** x - max of its row, and the row's sum of exponentials of that. */
export function shifted(row: Row, position: Axis): { readonly value: Expr; readonly total: Expr } {
  const seen = makeAxis('r', position.extent);
  const largest = reduce('max', [seen], row(seen));
  const summed = makeAxis('k', position.extent);
  const total = reduce('sum', [summed], unary('exp', sub(row(summed), largest)));
  return { value: sub(row(position), largest), total };
}

/** exp(x - max) / sum of exp(x - max) along `axis`, with one division for each row. A row of -inf gives NaN. */
export const softmax = rowOp('softmax', 'rounding', (row, position) => {
  const { value, total } = shifted(row, position);
  return mul(unary('exp', value), div(like(total, 1), total));
});

/** log of softmax: x - max - log(sum of exp(x - max)). */
export const logSoftmax = rowOp('logSoftmax', 'rounding', (row, position) => {
  const { value, total } = shifted(row, position);
  return sub(value, unary('log', total));
});

/** 1 at the first maximum along `axis`, else 0. */
export const hardmax = rowOp('hardmax', 'discontinuous', (row, position) => {
  const first = positionOf('max', position.extent, row, false);
  const one = like(row(position), 1);
  return select(binary('eq', indexValue(position), first), one, constant(one.dtype, 0));
});
