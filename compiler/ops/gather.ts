import { add, binary, cast, constant, type Expr, maximum, minimum, select } from '../kernel/expr.ts';
import { type Index, type Indexable, valueIndex } from '../kernel/index-expr.ts';
import { elementCount, sizeAt } from '../tensor/shape.ts';
import { printType, type TensorType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { requireAxis, requireFamily, requireIntegers, requireRank } from './requirements.ts';

/** An index from data: negative counts from the end, outside is clamped, so that no read leaves the tensor. */
function positionFrom(indices: Expr, size: number): Index {
  const i = cast('int32', indices);
  const wrapped = select(binary('lt', i, constant('int32', 0)), add(i, constant('int32', size)), i);
  const clamped = minimum(maximum(wrapped, constant('int32', 0)), constant('int32', Math.max(0, size - 1)));
  return valueIndex(clamped, size);
}

function requireIndices(op: string, x: TensorType, indices: TensorType, gathered: readonly number[]): void {
  requireFamily(op, 'indices', indices, 'integer');
  if (elementCount(indices.shape) > 0 && gathered.some((d) => sizeAt(x.shape, d) === 0)) {
    throw new OpError(`${op}: nothing to gather from in ${printType(x)}`);
  }
}

/** x with dimension `axis` replaced by those of `indices` (ONNX Gather). */
export const gather = defineOp('gather', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x', 'indices'],
  parse: (a) => ({ axis: a.number('axis', 0) }),
  infer([x, indices], { axis }) {
    requireAxis('gather', axis, x.shape.length);
    requireIndices('gather', x, indices, [axis]);
    return tensorType(x.dtype, x.shape.toSpliced(axis, 1, ...indices.shape));
  },
  meaning([x, indices], axes, { axis }) {
    const inner = axes.slice(axis, axis + indices.sizes.length);
    const position = positionFrom(indices.at(inner), given(x.sizes[axis]));
    return x.at([...axes.slice(0, axis), position, ...axes.slice(axis + indices.sizes.length)]);
  },
});

/** out[i] = x[i with entry `axis` replaced by indices[i]] (ONNX GatherElements). */
export const gatherElements = defineOp('gatherElements', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x', 'indices'],
  parse: (a) => ({ axis: a.number('axis', 0) }),
  infer([x, indices], { axis }) {
    requireAxis('gatherElements', axis, x.shape.length);
    requireRank('gatherElements', 'indices', indices, x.shape.length, x.shape.length);
    requireIndices('gatherElements', x, indices, [axis]);
    if (indices.shape.some((d, i) => i !== axis && d.size > sizeAt(x.shape, i))) {
      throw new OpError(`gatherElements: indices ${printType(indices)} exceed ${printType(x)} outside axis ${axis}`);
    }
    return tensorType(x.dtype, indices.shape);
  },
  meaning([x, indices], axes, { axis }) {
    const position = positionFrom(indices.at(axes), given(x.sizes[axis]));
    return x.at(axes.map((a, i): Indexable => (i === axis ? position : a)));
  },
});

/** Slices of x at index tuples, the last dimension of `indices`, after `batchDims` shared dimensions (ONNX GatherND). */
export const gatherND = defineOp('gatherND', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x', 'indices'],
  parse: (a) => ({ batchDims: a.number('batchDims', 0) }),
  infer([x, indices], { batchDims }) {
    requireRank('gatherND', 'x', x, 1);
    requireRank('gatherND', 'indices', indices, 1);
    requireIntegers('gatherND', 'batchDims', [batchDims], 0);
    const tuple = sizeAt(indices.shape, -1);
    const fits =
      batchDims < indices.shape.length &&
      batchDims + tuple <= x.shape.length &&
      indices.shape.slice(0, batchDims).every((d, i) => d.size === sizeAt(x.shape, i));
    if (!fits) {
      throw new OpError(
        `gatherND: indices ${printType(indices)} do not fit ${printType(x)} with ${batchDims} batch dimensions`,
      );
    }
    requireIndices(
      'gatherND',
      x,
      indices,
      Array.from({ length: tuple }, (_, t) => batchDims + t),
    );
    return tensorType(x.dtype, [...indices.shape.slice(0, -1), ...x.shape.slice(batchDims + tuple)]);
  },
  meaning([x, indices], axes, { batchDims }) {
    const outer = axes.slice(0, indices.sizes.length - 1);
    const tuple = given(indices.sizes.at(-1));
    const positions = Array.from({ length: tuple }, (_, t) =>
      positionFrom(indices.at([...outer, t]), given(x.sizes[batchDims + t])),
    );
    return x.at([...axes.slice(0, batchDims), ...positions, ...axes.slice(outer.length)]);
  },
});
