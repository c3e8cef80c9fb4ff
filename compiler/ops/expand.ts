import { modIndex, toIndex } from '../kernel/index-expr.ts';
import { shapeOf, sizesOf } from '../tensor/shape.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { broadcastIndex, broadcastsTo } from './broadcast.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { requireIntegers, requireLength } from './requirements.ts';

/** x broadcast to `shape`. */
export const expand = defineOp('expand', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x'],
  parse: (a) => ({ shape: a.numbers('shape') }),
  infer([x], { shape }) {
    requireIntegers('expand', 'shape', shape, 0);
    if (!broadcastsTo(sizesOf(x.shape), shape)) {
      throw new OpError(`expand: ${printType(x)} does not broadcast to [${shape.join(',')}]`);
    }
    return tensorType(x.dtype, shapeOf(shape));
  },
  meaning: ([x], axes) => x.at(broadcastIndex(x.sizes, axes)),
});

/** x repeated repeats[i] times along each dimension i. */
export const tile = defineOp('tile', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x'],
  parse: (a) => ({ repeats: a.numbers('repeats') }),
  infer([x], { repeats }) {
    requireLength('tile', 'repeats', repeats, x.shape.length);
    requireIntegers('tile', 'repeats', repeats, 0);
    return tensorType(
      x.dtype,
      x.shape.map((d, i) => (repeats[i] === 1 ? d : { size: d.size * given(repeats[i]) })),
    );
  },
  meaning: ([x], axes) => x.at(x.sizes.map((size, i) => (size <= 1 ? toIndex(0) : modIndex(given(axes[i]), size)))),
});
