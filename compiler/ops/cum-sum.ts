import { reduce } from '../kernel/expr.ts';
import { addIndex, makeAxis, scaleIndex } from '../kernel/index-expr.ts';
import { tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp } from './op.ts';
import { requireAxis, requireFamily } from './requirements.ts';

/** Running sums along `axis` (ONNX CumSum): y[i] = sum over j of x[i - j], the padding being 0; reverse adds j instead. */
export const cumSum = defineOp('cumSum', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x'],
  parse: (a) => ({
    axis: a.number('axis'),
    exclusive: a.boolean('exclusive', false),
    reverse: a.boolean('reverse', false),
  }),
  infer([x], { axis }) {
    requireFamily('cumSum', 'x', x, 'numeric');
    requireAxis('cumSum', axis, x.shape.length);
    return tensorType(x.dtype, x.shape);
  },
  meaning([x], axes, { axis, exclusive, reverse }) {
    const back = makeAxis('j', given(x.type.shape[axis]));
    const distance = addIndex(back, exclusive ? 1 : 0);
    const position = addIndex(given(axes[axis]), scaleIndex(distance, reverse ? 1 : -1));
    return reduce(
      'sum',
      [back],
      x.at(
        axes.map((a, i) => (i === axis ? position : a)),
        0,
      ),
    );
  },
});
