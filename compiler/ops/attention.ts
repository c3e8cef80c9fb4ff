import { add, div, type Expr, like, mul, reduce, unary } from '../kernel/expr.ts';
import { type Axis, makeAxis } from '../kernel/index-expr.ts';
import { broadcastShapes, sizeAt, sizesOf } from '../tensor/shape.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { broadcastIndex, broadcastsTo } from './broadcast.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { requireFamily, requireRank, requireSameDType } from './requirements.ts';
import { shifted } from './softmax.ts';

/** q [..., L, d], k [..., S, d], v [..., S, e], mask broadcast to [..., L, S]: softmax(scale q k^T + mask) v [..., L, e]. */
export const attention = defineOp('attention', {
  class: 'contraction',
  tolerance: 'rounding',
  inputs: ['q', 'k', 'v', 'mask?'],
  parse: (a) => ({ scale: a.number('scale') }),
  infer([q, k, v, mask]) {
    requireFamily('attention', 'q', q, 'float');
    requireSameDType('attention', mask === undefined ? [q, k, v] : [q, k, v, mask]);
    for (const [name, type] of Object.entries({ q, k, v })) requireRank('attention', name, type, 2);
    const [l, s] = [given(q.shape.at(-2)), given(k.shape.at(-2))];
    const batch = broadcastShapes(q.shape.slice(0, -2), k.shape.slice(0, -2), v.shape.slice(0, -2));
    const fits = batch !== undefined && sizeAt(q.shape, -1) === sizeAt(k.shape, -1) && sizeAt(v.shape, -2) === s.size;
    if (!fits) throw new OpError(`attention: q ${printType(q)}, k ${printType(k)} and v ${printType(v)} do not fit`);
    if (mask !== undefined && !broadcastsTo(sizesOf(mask.shape), [...sizesOf(batch), l.size, s.size])) {
      throw new OpError(`attention: mask ${printType(mask)} does not broadcast to [..., ${l.size}, ${s.size}]`);
    }
    return tensorType(q.dtype, [...batch, l, given(v.shape.at(-1))]);
  },
  meaning([q, k, v, mask], axes, { scale }) {
    const batch = axes.slice(0, -2);
    const [row, column] = [given(axes.at(-2)), given(axes.at(-1))];
    const along = (sizes: readonly number[]) => broadcastIndex(sizes.slice(0, -2), batch);
    const score = (position: Axis): Expr => {
      const inner = makeAxis('d', given(q.type.shape.at(-1)));
      const product = mul(q.at([...along(q.sizes), row, inner]), k.at([...along(k.sizes), position, inner]));
      const sum = reduce('sum', [inner], product);
      const scaled = scale === 1 ? sum : mul(sum, like(sum, scale));
      return mask === undefined ? scaled : add(scaled, mask.at(broadcastIndex(mask.sizes, [...batch, row, position])));
    };
    const s = makeAxis('s', given(k.type.shape.at(-2)));
    const { value, total } = shifted(score, s);
    const mixed = reduce('sum', [s], mul(unary('exp', value), v.at([...along(v.sizes), s, column])));
    return div(mixed, total);
  },
});
