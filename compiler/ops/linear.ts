import { add, mul, reduce } from '../kernel/expr.ts';
import { makeAxis } from '../kernel/index-expr.ts';
import { tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp } from './op.ts';
import { asOperand, parseQuantization, requireQuantizable } from './quantize.ts';
import { requireFamily, requireRank, requireSameDType, requireSizes } from './requirements.ts';

/** x [..., K], w [N, K], b [N] -> [..., N]: x w^T + b, or q(x) w^T + b of a quantised input (quantize.ts). */
export const linear = defineOp('linear', {
  class: 'contraction',
  tolerance: 'rounding',
  inputs: ['x', 'w', 'b?'],
  parse: (a) => parseQuantization('linear', a),
  infer([x, w, b], quantization) {
    requireFamily('linear', 'x', x, 'numeric');
    requireQuantizable('linear', x, quantization);
    requireSameDType('linear', b === undefined ? [x, w] : [x, w, b]);
    requireRank('linear', 'x', x, 1);
    requireRank('linear', 'w', w, 2, 2);
    const n = given(w.shape[0]);
    requireSizes('linear', 'w', w, [n.size, given(x.shape.at(-1)).size]);
    if (b !== undefined) requireSizes('linear', 'b', b, [n.size]);
    return tensorType(x.dtype, [...x.shape.slice(0, -1), n]);
  },
  meaning([x, w, b], axes, quantization) {
    const k = makeAxis('k', given(x.type.shape.at(-1)));
    const n = given(axes.at(-1));
    const operand = asOperand(x.at([...axes.slice(0, -1), k]), quantization);
    const sum = reduce('sum', [k], mul(operand, w.at([n, k])));
    return b === undefined ? sum : add(sum, b.at([n]));
  },
});
