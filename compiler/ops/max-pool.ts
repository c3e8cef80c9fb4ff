import { reduce } from '../kernel/expr.ts';
import { tensorType } from '../tensor/tensor.ts';
import { limitsOf } from './limits.ts';
import { defineOp } from './op.ts';
import { parsePool, pooledShape, poolWindow } from './pool.ts';
import { requireFamily } from './requirements.ts';
import { kernelAxes, windowIndex } from './window.ts';

/** Largest element under the window; padding never wins. x [N, C, space...]. */
export const maxPool = defineOp('maxPool', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x'],
  parse: parsePool,
  infer([x], attributes) {
    requireFamily('maxPool', 'x', x, 'numeric');
    return tensorType(x.dtype, pooledShape('maxPool', x, attributes));
  },
  meaning([x], axes, attributes) {
    const window = poolWindow('maxPool', x.type, attributes);
    const k = kernelAxes(window.kernel);
    const space = windowIndex(window, axes.slice(2), k);
    return reduce('max', k, x.at([...axes.slice(0, 2), ...space], limitsOf(x.type.dtype).low));
  },
});
