import { mul, reduce } from '../kernel/expr.ts';
import { makeAxis } from '../kernel/index-expr.ts';
import { centred, signedCode } from '../kernel/quantization.ts';
import { broadcastShapes } from '../tensor/shape.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { broadcastIndex } from './broadcast.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { parseProductQuantization, requireQuantizable } from './quantize.ts';
import { requireFamily, requireRank, requireSameDType } from './requirements.ts';

/**
 * a [..., M, K] by b [..., K, N] -> [..., M, N]; batches broadcast, a 1-D operand loses its dimension (numpy matmul). Both
 * operands may be quantised (quantize.ts).
 */
export const matmul = defineOp('matmul', {
  class: 'contraction',
  tolerance: 'rounding',
  inputs: ['a', 'b'],
  parse: (a) => parseProductQuantization('matmul', a),
  infer([a, b], quantization) {
    requireFamily('matmul', 'a', a, 'numeric');
    requireSameDType('matmul', [a, b]);
    requireQuantizable('matmul', a, quantization?.left);
    requireRank('matmul', 'a', a, 1);
    requireRank('matmul', 'b', b, 1);
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const inner = given(a.shape.at(-1)).size;
    if (batch === undefined || inner !== given(b.shape.at(Math.max(-2, -b.shape.length))).size) {
      throw new OpError(`matmul: ${printType(a)} and ${printType(b)} do not fit`);
    }
    return tensorType(a.dtype, [...batch, ...a.shape.slice(-2, -1), ...(b.shape.length > 1 ? b.shape.slice(-1) : [])]);
  },
  meaning([a, b], axes, quantization) {
    const k = makeAxis('k', given(a.type.shape.at(-1)));
    const rows = a.sizes.length > 1 ? 1 : 0;
    const columns = b.sizes.length > 1 ? 1 : 0;
    const batch = axes.slice(0, axes.length - rows - columns);
    const m = axes.slice(batch.length, batch.length + rows);
    const n = axes.slice(batch.length + rows);
    const left = [...broadcastIndex(a.sizes.slice(0, -2), batch), ...m, k];
    const right = [...broadcastIndex(b.sizes.slice(0, -2), batch), k, ...n];
    const [x, y] = [a.at(left), b.at(right)];
    if (!quantization) return reduce('sum', [k], mul(x, y));
    return reduce('sum', [k], mul(centred(x, quantization.left), signedCode(y, quantization.inverseScale)));
  },
});
