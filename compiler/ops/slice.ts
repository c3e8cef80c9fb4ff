import { addIndex, scaleIndex } from '../kernel/index-expr.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { requireIntegers, requireLength } from './requirements.ts';

/** out[i] = x[start + step i] in every dimension; steps may be negative. */
export const slice = defineOp('slice', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x'],
  parse: (a) => ({ starts: a.numbers('starts'), steps: a.numbers('steps'), sizes: a.numbers('sizes') }),
  infer([x], { starts, steps, sizes }) {
    const rank = x.shape.length;
    for (const [name, values] of Object.entries({ starts, steps, sizes })) {
      requireLength('slice', name, values, rank);
      requireIntegers('slice', name, values);
    }
    requireIntegers('slice', 'sizes', sizes, 0);
    const shape = x.shape.map((d, i) => {
      const [start, step, size] = [given(starts[i]), given(steps[i]), given(sizes[i])];
      const end = start + step * (size - 1);
      if (size > 0 && (Math.min(start, end) < 0 || Math.max(start, end) >= d.size)) {
        throw new OpError(`slice: positions ${start} to ${end} of dimension ${i} are outside ${printType(x)}`);
      }
      return size === d.size ? d : { size };
    });
    return tensorType(x.dtype, shape);
  },
  meaning: ([x], axes, { starts, steps }) =>
    x.at(axes.map((a, i) => (a.extent.size === 0 ? 0 : addIndex(given(starts[i]), scaleIndex(a, given(steps[i])))))),
});
