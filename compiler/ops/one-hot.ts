import { add, binary, cast, constant, indexValue, select } from '../kernel/expr.ts';
import { dim } from '../tensor/shape.ts';
import { tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp } from './op.ts';
import { requireAxis, requireFamily, requireIntegers, requireSizes } from './requirements.ts';

/** values[1] where the new dimension `axis` of size `depth` is at the index, else values[0]; negative indices count from the end. */
export const oneHot = defineOp('oneHot', {
  class: 'other',
  tolerance: 'exact',
  inputs: ['indices', 'values'],
  parse: (a) => ({ depth: a.number('depth'), axis: a.number('axis') }),
  infer([indices, values], { depth, axis }) {
    requireFamily('oneHot', 'indices', indices, 'numeric');
    requireSizes('oneHot', 'values', values, [2]);
    requireAxis('oneHot', axis, indices.shape.length + 1);
    requireIntegers('oneHot', 'depth', [depth], 0);
    return tensorType(values.dtype, indices.shape.toSpliced(axis, 0, dim(depth)));
  },
  meaning([indices, values], axes, { depth, axis }) {
    const index = cast('int32', indices.at(axes.toSpliced(axis, 1)));
    const wrapped = select(binary('lt', index, constant('int32', 0)), add(index, constant('int32', depth)), index);
    return select(binary('eq', wrapped, indexValue(given(axes[axis]))), values.at([1]), values.at([0]));
  },
});
