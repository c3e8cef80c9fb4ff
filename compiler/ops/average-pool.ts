import { cast, div, type Expr, like, mul, reduce, table } from '../kernel/expr.ts';
import { tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp } from './op.ts';
import { parsePool, pooledShape, poolWindow } from './pool.ts';
import { requireFamily } from './requirements.ts';
import { kernelAxes, type Window, windowIndex } from './window.ts';

/** Mean under the window over the elements that count: those of x, and of the padding with countIncludePad. */
export const averagePool = defineOp('averagePool', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x'],
  parse: (a) => ({ ...parsePool(a), countIncludePad: a.boolean('countIncludePad', false) }),
  infer([x], attributes) {
    requireFamily('averagePool', 'x', x, 'float');
    return tensorType(x.dtype, pooledShape('averagePool', x, attributes));
  },
  meaning([x], axes, attributes) {
    const window = poolWindow('averagePool', x.type, attributes);
    const k = kernelAxes(window.kernel);
    const space = axes.slice(2);
    const sum = reduce('sum', k, x.at([...axes.slice(0, 2), ...windowIndex(window, space, k)], 0));
    let constantCount = 1;
    const varying: Expr[] = [];
    space.forEach((o, i) => {
      const counts = countsAlong(window, i, given(x.sizes[i + 2]), o.extent.size, attributes.countIncludePad);
      const first = counts[0] ?? 1;
      if (counts.every((count) => count === first)) constantCount *= first;
      else varying.push(cast(x.type.dtype, table('float32', counts, o)));
    });
    const counts = constantCount === 1 && varying.length > 0 ? varying : [like(sum, constantCount), ...varying];
    return div(
      sum,
      counts.reduce((a, b) => mul(a, b)),
    );
  },
});

/** How many taps of the window at each output position along dimension i count; at least 1. */
function countsAlong(window: Window, i: number, size: number, outputs: number, includePad: boolean): number[] {
  const [k, s, dilation] = [given(window.kernel[i]), given(window.strides[i]), given(window.dilations[i])];
  const [begin, end] = [given(window.begins[i]), given(window.ends[i])];
  const [low, high] = includePad ? [-begin, size + end] : [0, size];
  return Array.from({ length: outputs }, (_, o) => {
    const taps = Array.from({ length: k }, (_, tap) => o * s - begin + tap * dilation);
    return Math.max(1, taps.filter((t) => t >= low && t < high).length);
  });
}
