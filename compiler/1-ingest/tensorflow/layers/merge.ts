import type { ValueId } from '../../../ir/graph.ts';
import type { OpName } from '../../../ops/index.ts';
import { OpError } from '../../../ops/op.ts';
import type { LayerCall, LayerImporter } from './layer.ts';

/** Inputs of fewer dimensions get ones behind the batch dimension, so that all have as many. */
function alignedInputs(layer: LayerCall): ValueId[] {
  const rank = Math.max(...layer.inputs.map((id) => layer.rank(id)));
  return layer.inputs.map((id) => {
    const [batch = 1, ...rest] = layer.sizes(id);
    return layer.reshape(id, [batch, ...new Array<number>(rank - 1 - rest.length).fill(1), ...rest]);
  });
}

/** Inputs of one shape, or of shapes that broadcast, folded by an op of two operands. */
export const importMerge =
  (op: OpName): LayerImporter =>
  (layer) => {
    const [first, ...rest] = alignedInputs(layer);
    if (first === undefined || rest.length === 0) throw new OpError('it takes two inputs or more');
    return rest.reduce((left, right) => layer.pointwise(op, [left, right]), first);
  };

export const importSubtract: LayerImporter = (layer) => {
  if (layer.inputs.length !== 2) throw new OpError(`it takes two inputs, not ${layer.inputs.length}`);
  return importMerge('sub')(layer);
};

export const importAverage: LayerImporter = (layer) => {
  const count = layer.scalar('float32', layer.inputs.length);
  return layer.pointwise('div', [importMerge('add')(layer), count]);
};

export const importConcatenate: LayerImporter = (layer) => {
  const [first] = layer.inputs;
  if (first === undefined) throw new OpError('it takes two inputs or more');
  const axis = layer.axisOf(layer.config.number('axis', -1), layer.rank(first));
  return layer.alongAxes('concat', layer.inputs, (order) => ({ axis: order.at(axis) }));
};

/** Sum over one axis of each operand, batch by batch: ranks 2 and 3, as in TensorFlow.js. */
export const importDot: LayerImporter = (layer) => {
  const [x, y, ...rest] = layer.inputs;
  if (x === undefined || y === undefined || rest.length > 0) throw new OpError('it takes two inputs');
  const given = layer.config.numbers('axes');
  const [i = 0, j = 0] = [x, y].map((id, k) => layer.axisOf(given[k] ?? given[0] ?? 0, layer.rank(id)));
  const [left, right] = [asRows(layer, x, i), asRows(layer, y, j)];
  const isNormalised = layer.config.boolean('normalize', false);
  const operands = isNormalised ? [normalised(layer, left), normalised(layer, right)] : [left, right];
  const [a = left, b = right] = operands;
  const product = layer.emit('matmul', [a, layer.transpose(b, [0, 2, 1])]);
  const [batch = 0, rows = 0, columns = 0] = layer.sizes(product);
  const kept = [...(layer.rank(x) === 3 ? [rows] : []), ...(layer.rank(y) === 3 ? [columns] : [])];
  return layer.reshape(product, [batch, ...(kept.length === 0 ? [1] : kept)]);
};

/** x [N, K], or of rank 3 with K along `axis`, as [N, rows, K]. */
function asRows(layer: LayerCall, x: ValueId, axis: number): ValueId {
  const sizes = layer.sizes(x);
  if (axis === 0 || sizes.length < 2 || sizes.length > 3) {
    throw new OpError(`axis ${axis} of [${sizes.join(',')}]; ranks are 2 or 3, and the batch stays`);
  }
  const [batch = 0, features = 0] = sizes;
  if (sizes.length === 2) return layer.reshape(x, [batch, 1, features]);
  return axis === 2 ? x : layer.transpose(x, [0, 2, 1]);
}

/** Rows of length 1; TensorFlow.js counts squares below 1e-7 as that. */
function normalised(layer: LayerCall, rows: ValueId): ValueId {
  const squares = layer.emit('reduce', [rows], { kind: 'sumSquare', axes: [2], keepDims: true });
  const length = layer.emit('sqrt', [layer.emit('max', [squares, layer.scalar('float32', 1e-7)])]);
  return layer.emit('div', [rows, length]);
}
