import { binary, constant, type Expr, indexValue, select } from '../kernel/expr.ts';
import { addIndex } from '../kernel/index-expr.ts';
import { sizeAt } from '../tensor/shape.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { requireAxis, requireSameDType, withSize } from './requirements.ts';

/** Operands one after another along `axis`; all other sizes are equal. */
export const concat = defineOp('concat', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['first', 'rest...'],
  parse: (a) => ({ axis: a.number('axis') }),
  infer(operands, { axis }) {
    const [first] = operands;
    requireSameDType('concat', operands);
    requireAxis('concat', axis, first.shape.length);
    const rank = first.shape.length;
    const fits = operands.every(
      (x) => x.shape.length === rank && x.shape.every((d, i) => i === axis || d.size === given(first.shape[i]).size),
    );
    if (!fits) throw new OpError(`concat: ${operands.map(printType).join(', ')} do not fit along axis ${axis}`);
    const total = operands.reduce((sum, x) => sum + sizeAt(x.shape, axis), 0);
    return tensorType(first.dtype, withSize(first.shape, axis, total));
  },
  meaning(operands, axes, { axis }) {
    const position = given(axes[axis]);
    const pieces: { readonly end: number; readonly value: Expr }[] = [];
    let start = 0;
    for (const x of operands) {
      const size = given(x.sizes[axis]);
      if (size === 0) continue;
      const local = addIndex(position, -start);
      start += size;
      pieces.push({
        end: start,
        value: x.at(
          axes.map((a, i) => (i === axis ? local : a)),
          0,
        ),
      });
    }
    const last = pieces.pop();
    if (last === undefined) return constant(operands[0].type.dtype, 0);
    return pieces.reduceRight(
      (rest, { end, value }) => select(binary('lt', indexValue(position), constant('int32', end)), value, rest),
      last.value,
    );
  },
});
