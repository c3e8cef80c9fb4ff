import { add, mul } from '../kernel/expr.ts';
import { addIndex, divIndex, makeAxis, scaleIndex } from '../kernel/index-expr.ts';
import { dim, sizeAt } from '../tensor/shape.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { standardise } from './moments.ts';
import { defineOp, OpError } from './op.ts';
import { requireFamily, requireIntegers, requireRank, requireSameDType, requireSizes } from './requirements.ts';

/** Each group of C / groups channels of x [N, C, ...] standardised, then scale [C] and bias [C]. groups = C: InstanceNorm. */
export const groupNorm = defineOp('groupNorm', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x', 'scale', 'bias'],
  parse: (a) => ({ groups: a.number('groups'), epsilon: a.number('epsilon', 1e-5) }),
  infer([x, scale, bias], { groups }) {
    requireFamily('groupNorm', 'x', x, 'float');
    requireSameDType('groupNorm', [x, scale, bias]);
    requireRank('groupNorm', 'x', x, 2);
    requireIntegers('groupNorm', 'groups', [groups], 1);
    const channels = sizeAt(x.shape, 1);
    if (channels % groups !== 0)
      throw new OpError(`groupNorm: ${groups} groups do not divide the channels of ${printType(x)}`);
    requireSizes('groupNorm', 'scale', scale, [channels]);
    requireSizes('groupNorm', 'bias', bias, [channels]);
    return tensorType(x.dtype, x.shape);
  },
  meaning([x, scale, bias], axes, { groups, epsilon }) {
    const [n, c] = [given(axes[0]), given(axes[1])];
    const perGroup = given(x.sizes[1]) / groups;
    const standard = standardise(
      x.at(axes),
      () => {
        const inner = x.type.shape.slice(2).map((d, i) => makeAxis(`r${i + 2}`, d));
        if (perGroup <= 1) return { axes: inner, element: x.at([n, c, ...inner]) };
        const within = makeAxis('r1', dim(perGroup));
        const channel = addIndex(scaleIndex(divIndex(c, perGroup), perGroup), within);
        return { axes: [within, ...inner], element: x.at([n, channel, ...inner]) };
      },
      epsilon,
    );
    return add(mul(standard, scale.at([c])), bias.at([c]));
  },
});
