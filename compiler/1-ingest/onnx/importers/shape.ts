import { OpError } from '../../../ops/op.ts';
import type { Importer } from '../node.ts';

/** Operators that change a tensor's shape and keep its elements in order. */

const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/** 0 copies a size of the input (unless allowzero), -1 is what is left. */
export const importReshape: Importer = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const wanted = node.intsOf('shape', 1);
  if (wanted === undefined) throw new OpError('Reshape needs its shape');
  const copied = wanted.map((size, i) => {
    if (size !== 0 || node.flag('allowzero')) return size;
    const kept = sizes[i];
    if (kept === undefined) throw new OpError(`shape [${wanted.join(',')}] copies dimension ${i}, which x lacks`);
    return kept;
  });
  if (copied.filter((size) => size === -1).length > 1 || copied.some((size) => size < -1)) {
    throw new OpError(`shape [${wanted.join(',')}] is no shape`);
  }
  const rest = count(copied.filter((size) => size !== -1));
  const shape = copied.map((size) => (size === -1 ? (rest === 0 ? 0 : count(sizes) / rest) : size));
  if (count(shape) !== count(sizes) || !shape.every(Number.isInteger)) {
    throw new OpError(`[${sizes.join(',')}] cannot be reshaped to [${wanted.join(',')}]`);
  }
  return node.reshape(x, shape);
};

export const importFlatten: Importer = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const given = node.int('axis', 1);
  const axis = given < 0 ? given + sizes.length : given;
  if (axis < 0 || axis > sizes.length) throw new OpError(`axis ${given} is outside a tensor of rank ${sizes.length}`);
  return node.reshape(x, [count(sizes.slice(0, axis)), count(sizes.slice(axis))]);
};

/** axes is an attribute until opset 11 and an input from 13 on. */
export const importSqueeze: Importer = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const given = node.intsOf('axes', 1);
  const axes =
    given === undefined || given.length === 0
      ? sizes.flatMap((s, i) => (s === 1 ? [i] : []))
      : node.axesOf(given, sizes.length);
  for (const axis of axes) {
    if (sizes[axis] !== 1) throw new OpError(`dimension ${axis} of [${sizes.join(',')}] is squeezed but not 1`);
  }
  return node.reshape(
    x,
    sizes.filter((_, i) => !axes.includes(i)),
  );
};

export const importUnsqueeze: Importer = (node) => {
  const x = node.input(0);
  const given = node.intsOf('axes', 1);
  if (given === undefined) throw new OpError('Unsqueeze needs its axes');
  const sizes = node.sizes(x);
  const axes = new Set(node.axesOf(given, sizes.length + given.length));
  const rest = [...sizes];
  const shape = Array.from({ length: sizes.length + given.length }, (_, i) => (axes.has(i) ? 1 : (rest.shift() ?? 1)));
  return node.reshape(x, shape);
};

/** Blocks of channels become blocks of pixels: DCR takes the block index from the outer channels, CRD from the inner. */
export const importDepthToSpace: Importer = (node) => {
  const x = node.input(0);
  const [n, c, h, w] = requireImage(node.sizes(x));
  const size = node.int('blocksize', 0);
  const depth = c / (size * size);
  if (size < 1 || !Number.isInteger(depth)) throw new OpError(`${c} channels do not make blocks of ${size}`);
  const isOuter = node.string('mode', 'DCR') === 'DCR';
  const split = node.reshape(x, isOuter ? [n, size, size, depth, h, w] : [n, depth, size, size, h, w]);
  const moved = node.transpose(split, isOuter ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]);
  return node.reshape(moved, [n, depth, h * size, w * size]);
};

export const importSpaceToDepth: Importer = (node) => {
  const x = node.input(0);
  const [n, c, h, w] = requireImage(node.sizes(x));
  const size = node.int('blocksize', 0);
  if (size < 1 || h % size !== 0 || w % size !== 0) throw new OpError(`${h}x${w} does not make blocks of ${size}`);
  const split = node.reshape(x, [n, c, h / size, size, w / size, size]);
  return node.reshape(node.transpose(split, [0, 3, 5, 1, 2, 4]), [n, c * size * size, h / size, w / size]);
};

function requireImage(sizes: readonly number[]): readonly [number, number, number, number] {
  const [n, c, h, w] = sizes;
  if (n === undefined || c === undefined || h === undefined || w === undefined || sizes.length !== 4) {
    throw new OpError(`x must have rank 4, not [${sizes.join(',')}]`);
  }
  return [n, c, h, w];
}
