import {
  add,
  binary,
  cast,
  constant,
  div,
  type Expr,
  reduce as fold,
  like,
  mul,
  select,
  sub,
  unary,
} from '../kernel/expr.ts';
import { type Axis, makeAxis } from '../kernel/index-expr.ts';
import { type DType, isFloat } from '../tensor/dtype.ts';
import { dim } from '../tensor/shape.ts';
import { tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { isSigned, requireAxis, requireOneOf } from './requirements.ts';

const kinds = ['sum', 'mean', 'max', 'min', 'prod', 'l1', 'l2', 'logSum', 'logSumExp', 'sumSquare'] as const;
type Kind = (typeof kinds)[number];

/** Fold over `axes`; keepDims leaves them with size 1. Bool takes max and min only (any, all). */
export const reduce = defineOp('reduce', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x'],
  parse: (a) => ({
    kind: requireOneOf('reduce', 'kind', a.string('kind'), kinds),
    axes: a.numbers('axes'),
    keepDims: a.boolean('keepDims', true),
  }),
  infer([x], { kind, axes, keepDims }) {
    for (const axis of axes) requireAxis('reduce', axis, x.shape.length);
    if (new Set(axes).size !== axes.length) throw new OpError(`reduce: axes [${axes.join(',')}] name one twice`);
    if (x.dtype === 'bool' && kind !== 'max' && kind !== 'min') throw new OpError(`reduce: ${kind} of bool`);
    const kept = x.shape.map((d, i) => (axes.includes(i) ? dim(1) : d));
    return tensorType(x.dtype, keepDims ? kept : kept.filter((_, i) => !axes.includes(i)));
  },
  meaning([x], outer, { kind, axes, keepDims }) {
    const traversal = (): { readonly axes: Axis[]; readonly element: Expr } => {
      const reduced = x.type.shape.map((d, i) => (axes.includes(i) ? makeAxis(`r${i}`, d) : undefined));
      let next = 0;
      const index = reduced.map((r, i) => r ?? given(outer[keepDims ? i : next++]));
      return {
        axes: reduced.filter((r) => r !== undefined),
        element: cast(arithmetic(kind, x.type.dtype), x.at(index)),
      };
    };
    return cast(x.type.dtype, reduction(kind, traversal));
  },
});

/** Type computed in: bool as int32, the kinds with roots and logarithms in floats. */
function arithmetic(kind: Kind, dtype: DType): DType {
  if (dtype === 'bool') return 'int32';
  const needsFloat = kind === 'l2' || kind === 'logSum' || kind === 'logSumExp';
  return needsFloat && !isFloat(dtype) ? 'float32' : dtype;
}

function reduction(kind: Kind, traversal: () => { readonly axes: Axis[]; readonly element: Expr }): Expr {
  const { axes, element } = traversal();
  switch (kind) {
    case 'sum':
    case 'max':
    case 'min':
    case 'prod':
      return fold(kind, axes, element);
    case 'mean': {
      const sum = fold('sum', axes, element);
      return div(
        sum,
        like(
          sum,
          axes.reduce((count, a) => count * a.extent.size, 1),
        ),
      );
    }
    case 'l1':
      return fold('sum', axes, isSigned(element.dtype) ? unary('abs', element) : element);
    case 'sumSquare':
      return fold('sum', axes, mul(element, element));
    case 'l2':
      return unary('sqrt', fold('sum', axes, mul(element, element)));
    case 'logSum':
      return unary('log', fold('sum', axes, element));
    case 'logSumExp': {
      // shifted by the maximum where that is finite, so that all -inf gives -inf and +inf gives inf
      const largest = fold('max', axes, element);
      const bounded = binary('lt', unary('abs', largest), constant(largest.dtype, Infinity));
      const shift = select(bounded, largest, like(largest, 0));
      const again = traversal();
      return add(shift, unary('log', fold('sum', again.axes, unary('exp', sub(again.element, shift)))));
    }
    default:
      return kind satisfies never;
  }
}
