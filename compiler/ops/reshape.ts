import { addIndex, divIndex, type Index, modIndex, scaleIndex, toIndex } from '../kernel/index-expr.ts';
import { elementCount, rowMajorStrides, shapeOf } from '../tensor/shape.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { requireIntegers } from './requirements.ts';

/** The same elements in row-major order under another shape. */
export const reshape = defineOp('reshape', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x'],
  parse: (a) => ({ shape: a.numbers('shape') }),
  infer([x], { shape }) {
    requireIntegers('reshape', 'shape', shape, 0);
    const result = shapeOf(shape);
    if (elementCount(result) !== elementCount(x.shape)) {
      throw new OpError(
        `reshape: ${printType(x)} has ${elementCount(x.shape)} elements, [${shape.join(',')}] ${elementCount(result)}`,
      );
    }
    return tensorType(x.dtype, result);
  },
  meaning([x], axes, _, output) {
    if (elementCount(output.shape) === 0) return x.at(x.sizes.map(() => 0));
    const outStrides = rowMajorStrides(output.shape);
    const flat = addIndex(...axes.map((a, i) => (a.extent.size === 1 ? 0 : scaleIndex(a, given(outStrides[i])))));
    const strides = rowMajorStrides(x.type.shape);
    return x.at(
      x.sizes.map((size, i): Index => (size === 1 ? toIndex(0) : modIndex(divIndex(flat, given(strides[i])), size))),
    );
  },
});
