import { add, mul, sub } from '../kernel/expr.ts';
import { sizeAt } from '../tensor/shape.ts';
import { tensorType } from '../tensor/tensor.ts';
import { inverseRoot } from './moments.ts';
import { defineOp } from './op.ts';
import { requireFamily, requireRank, requireSameDType, requireSizes } from './requirements.ts';

/** (x - mean) scale / sqrt(variance + epsilon) + bias per channel; x [N, C, ...] or [N] (one channel). */
export const batchNorm = defineOp('batchNorm', {
  class: 'other',
  tolerance: 'rounding',
  inputs: ['x', 'scale', 'bias', 'mean', 'variance'],
  parse: (a) => ({ epsilon: a.number('epsilon', 1e-5) }),
  infer(operands) {
    const [x, scale, bias, mean, variance] = operands;
    requireFamily('batchNorm', 'x', x, 'float');
    requireSameDType('batchNorm', operands);
    requireRank('batchNorm', 'x', x, 1);
    const channels = x.shape.length === 1 ? 1 : sizeAt(x.shape, 1);
    requireSizes('batchNorm', 'scale', scale, [channels]);
    requireSizes('batchNorm', 'bias', bias, [channels]);
    requireSizes('batchNorm', 'mean', mean, [channels]);
    requireSizes('batchNorm', 'variance', variance, [channels]);
    return tensorType(x.dtype, x.shape);
  },
  meaning([x, scale, bias, mean, variance], axes, { epsilon }) {
    const c = axes[1] ?? 0;
    const factor = mul(scale.at([c]), inverseRoot(variance.at([c]), epsilon));
    return add(mul(sub(x.at(axes), mean.at([c])), factor), bias.at([c]));
  },
});
