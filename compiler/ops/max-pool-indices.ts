import { binary, cast, constant, type Expr, indexValue, reduce, select, unary, within } from '../kernel/expr.ts';
import { addIndex, type Index, type Indexable, scaleIndex } from '../kernel/index-expr.ts';
import { elementCount, rowMajorStrides } from '../tensor/shape.ts';
import { type TensorType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { limitsOf } from './limits.ts';
import { defineOp, OpError } from './op.ts';
import { parsePool, pooledShape, poolWindow } from './pool.ts';
import { requireFamily } from './requirements.ts';
import { kernelAxes, windowIndex } from './window.ts';

/** Flat index in x of each maximum of maxPool, the first of equals; storageOrder 1 counts the space column-major. */
export const maxPoolIndices = defineOp('maxPoolIndices', {
  class: 'reduction',
  tolerance: 'discontinuous',
  inputs: ['x'],
  parse: (a) => ({ ...parsePool(a), storageOrder: a.number('storageOrder', 0) }),
  infer([x], attributes) {
    const { storageOrder } = attributes;
    requireFamily('maxPoolIndices', 'x', x, 'numeric');
    if (storageOrder !== 0 && storageOrder !== 1) {
      throw new OpError(`maxPoolIndices: storageOrder must be 0 or 1, not ${storageOrder}`);
    }
    if (elementCount(x.shape) > 2 ** 31 - 1)
      throw new OpError('maxPoolIndices: x has too many elements for 32-bit indices');
    return tensorType('int64', pooledShape('maxPoolIndices', x, attributes));
  },
  meaning([x], axes, attributes) {
    const window = poolWindow('maxPoolIndices', x.type, attributes);
    const low = limitsOf(x.type.dtype).low;
    const outer = axes.slice(0, 2);
    const at = (space: readonly Index[]): Expr => x.at([...outer, ...space], low);
    const k = kernelAxes(window.kernel);
    const largest = reduce('max', k, at(windowIndex(window, axes.slice(2), k)));
    const tried = kernelAxes(window.kernel);
    const space = windowIndex(window, axes.slice(2), tried);
    const isInside = space.map((s, i) => within(s, given(x.sizes[i + 2]))).reduce((a, b) => binary('and', a, b));
    // "not below" rather than "equal": holds for NaN too, so that an index inside x is always found
    const isLargest = unary('not', binary('lt', at(space), largest));
    const flat = indexValue(addIndex(...flatTerms(x.type, [...outer, ...space], attributes.storageOrder)));
    const found = select(binary('and', isInside, isLargest), flat, constant('int32', 2 ** 31 - 1));
    return cast('int64', reduce('min', tried, found));
  },
});

/** One term per dimension; their sum is the flat index. */
function flatTerms(x: TensorType, index: readonly Indexable[], order: number): Index[] {
  const strides = rowMajorStrides(x.shape);
  if (order === 1) {
    let stride = 1;
    for (let i = 2; i < strides.length; i++) {
      strides[i] = stride;
      stride *= given(x.shape[i]).size;
    }
  }
  return index.map((term, i) => scaleIndex(term, given(strides[i])));
}
