import { binary, constant, indexValue, select } from '../kernel/expr.ts';
import { addIndex, scaleIndex } from '../kernel/index-expr.ts';
import { tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp } from './op.ts';
import { requireIntegers, requireRank } from './requirements.ts';

/** The upper (column - row >= k) or lower (column - row <= k) triangle of the last two dimensions, 0 elsewhere. */
export const trilu = defineOp('trilu', {
  class: 'other',
  tolerance: 'exact',
  inputs: ['x'],
  parse: (a) => ({ upper: a.boolean('upper', true), k: a.number('k', 0) }),
  infer([x], { k }) {
    requireRank('trilu', 'x', x, 2);
    requireIntegers('trilu', 'k', [k]);
    return tensorType(x.dtype, x.shape);
  },
  meaning([x], axes, { upper, k }) {
    const diagonal = indexValue(addIndex(given(axes.at(-1)), scaleIndex(given(axes.at(-2)), -1)));
    const bound = constant('int32', Math.min(Math.max(k, -(2 ** 31)), 2 ** 31 - 1));
    const isKept = upper ? binary('le', bound, diagonal) : binary('le', diagonal, bound);
    return select(isKept, x.at(axes), constant(x.type.dtype, 0));
  },
});
