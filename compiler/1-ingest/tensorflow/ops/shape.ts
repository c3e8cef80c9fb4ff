import { OpError } from '../../../ops/op.ts';
import { broadcastShapes, shapeOf, sizesOf } from '../../../tensor/shape.ts';
import type { OpImporter } from './op-node.ts';

/** Operators that change a shape, or make values of shapes. */

const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/** -1 is what is left. */
export const importReshape: OpImporter = (node) => {
  const x = node.input(0);
  const wanted = node.knownNumbers(1, 'the shape');
  const known = count(wanted.filter((size) => size !== -1));
  const shape = wanted.map((size) => (size === -1 ? (known === 0 ? 0 : count(node.sizes(x)) / known) : size));
  if (wanted.filter((size) => size === -1).length > 1 || !shape.every(Number.isInteger)) {
    throw new OpError(`[${node.sizes(x).join(',')}] cannot be reshaped to [${wanted.join(',')}]`);
  }
  return node.reshape(x, shape);
};

export const importSqueeze: OpImporter = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const given = node.attributes.ints('squeeze_dims') ?? node.attributes.ints('axis') ?? [];
  const axes =
    given.length > 0 ? node.axesOf(given, sizes.length) : sizes.flatMap((size, i) => (size === 1 ? [i] : []));
  const squeezed = axes.find((axis) => sizes[axis] !== 1);
  if (squeezed !== undefined) throw new OpError(`dimension ${squeezed} of [${sizes.join(',')}] is not 1`);
  return node.reshape(
    x,
    sizes.filter((_, i) => !axes.includes(i)),
  );
};

export const importExpandDims: OpImporter = (node) => {
  const x = node.input(0);
  const axis = node.axisOf(node.knownNumber(1, 'the axis'), node.rank(x) + 1);
  return node.reshape(x, node.sizes(x).toSpliced(axis, 0, 1));
};

export const importTranspose: OpImporter = (node) => {
  const x = node.input(0);
  return node.transpose(x, node.axesOf(node.knownNumbers(1, 'the permutation'), node.rank(x)));
};

export const importShape: OpImporter = (node) =>
  node.inputs.map((x) => node.numbers('int32', [node.rank(x)], node.sizes(x)));

export const importSize: OpImporter = (node) => node.scalar('int32', count(node.sizes(node.input(0))));

export const importRank: OpImporter = (node) => node.scalar('int32', node.rank(node.input(0)));

/** A value of a known shape. */
export const importFill: OpImporter = (node) => node.expand(node.input(1), node.knownNumbers(0, 'the shape'));

export const importLike =
  (value: number): OpImporter =>
  (node) => {
    const { dtype } = node.type(node.input(0));
    return node.expand(node.scalar(dtype, value), node.sizes(node.input(0)));
  };

export const importBroadcastTo: OpImporter = (node) => {
  const [x, wanted] = [node.input(0), node.knownNumbers(1, 'the shape')];
  const shape = broadcastShapes(node.type(x).shape, shapeOf(wanted));
  if (shape === undefined)
    throw new OpError(`[${node.sizes(x).join(',')}] does not broadcast to [${wanted.join(',')}]`);
  return node.expand(x, sizesOf(shape));
};

/** start, start + delta, ... below the limit. */
export const importRange: OpImporter = (node) => {
  const [start, limit, delta] = ['the start', 'the limit', 'the step'].map((use, i) => node.knownNumber(i, use));
  if (start === undefined || limit === undefined || !delta) throw new OpError('a range of steps of 0');
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  const { dtype } = node.type(node.input(0));
  return node.numbers(
    dtype,
    [length],
    Array.from({ length }, (_, i) => start + i * delta),
  );
};

export const importLinSpace: OpImporter = (node) => {
  const [start, stop, length] = ['the start', 'the end', 'the count'].map((use, i) => node.knownNumber(i, use));
  if (start === undefined || stop === undefined || length === undefined) throw new OpError('LinSpace needs 3 inputs');
  const step = length > 1 ? (stop - start) / (length - 1) : 0;
  return node.numbers(
    'float32',
    [length],
    Array.from({ length }, (_, i) => start + i * step),
  );
};

export const importCast: OpImporter = (node) => {
  const [x, to] = [node.input(0), node.dtype('DstT')];
  return node.type(x).dtype === to ? x : node.pointwise('cast', [x], { to });
};
