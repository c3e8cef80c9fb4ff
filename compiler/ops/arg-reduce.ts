import { binary, cast, constant, type Expr, indexValue, reduce, select } from '../kernel/expr.ts';
import { type Axis, makeAxis } from '../kernel/index-expr.ts';
import { isFloat } from '../tensor/dtype.ts';
import { dim } from '../tensor/shape.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { requireAxis, requireFamily, requireOneOf } from './requirements.ts';

/** int64 position of the largest or smallest element along `axis`; of equals the first, or the last. NaN wins (numpy). */
export const argReduce = defineOp('argReduce', {
  class: 'reduction',
  tolerance: 'discontinuous',
  inputs: ['x'],
  parse: (a) => ({
    kind: requireOneOf('argReduce', 'kind', a.string('kind'), ['max', 'min']),
    axis: a.number('axis'),
    keepDims: a.boolean('keepDims', true),
    selectLast: a.boolean('selectLast', false),
  }),
  infer([x], { axis, keepDims }) {
    requireFamily('argReduce', 'x', x, 'numeric');
    requireAxis('argReduce', axis, x.shape.length);
    if (given(x.shape[axis]).size === 0) throw new OpError(`argReduce: nothing along axis ${axis} of ${printType(x)}`);
    return tensorType(
      'int64',
      x.shape.flatMap((d, i) => (i !== axis ? [d] : keepDims ? [dim(1)] : [])),
    );
  },
  meaning([x], outer, { kind, axis, keepDims, selectLast }) {
    const at = (position: Axis): Expr => {
      const rest = keepDims ? outer.filter((_, i) => i !== axis) : outer;
      return x.at(rest.toSpliced(axis, 0, position));
    };
    return cast('int64', positionOf(kind, given(x.type.shape[axis]), at, selectLast));
  },
});

/** Position of the extreme of `at` along a dimension, as int32. */
export function positionOf(
  kind: 'max' | 'min',
  extent: Axis['extent'],
  at: (position: Axis) => Expr,
  selectLast: boolean,
): Expr {
  const seen = makeAxis('r', extent);
  const extreme = reduce(kind, [seen], at(seen));
  const tried = makeAxis('k', extent);
  const element = at(tried);
  const equal = binary('eq', element, extreme);
  const isExtreme = isFloat(element.dtype) ? binary('or', equal, binary('ne', element, element)) : equal;
  const unmatched = constant('int32', selectLast ? 0 : Math.max(0, extent.size - 1));
  return reduce(selectLast ? 'max' : 'min', [tried], select(isExtreme, indexValue(tried), unmatched));
}
