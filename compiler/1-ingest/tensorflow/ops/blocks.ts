import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import type { OpImporter, OpNode } from './op-node.ts';

/** Operators that move blocks of an image into its channels or batches, and back. */

const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/** Blocks of channels become blocks of pixels, the block being the outer part of the channels. */
export const importDepthToSpace: OpImporter = (node) => {
  const size = node.attributes.int('block_size', 0);
  const image = node.format === 'last' ? node.channelsFirst(node.input(0)) : node.input(0);
  const [n, c, h, w] = requireImage(node, image);
  const depth = c / (size * size);
  if (size < 1 || !Number.isInteger(depth)) throw new OpError(`${c} channels do not make blocks of ${size}`);
  const split = node.reshape(image, [n, size, size, depth, h, w]);
  const y = node.reshape(node.transpose(split, [0, 3, 4, 1, 5, 2]), [n, depth, h * size, w * size]);
  return node.format === 'last' ? node.channelsLast(y) : y;
};

function requireImage(node: OpNode, image: ValueId): readonly [number, number, number, number] {
  const [n = 0, c = 0, h = 0, w = 0] = node.sizes(image);
  if (node.rank(image) !== 4) throw new OpError(`x must have rank 4, not ${node.rank(image)}`);
  return [n, c, h, w];
}

/** block_shape, then begins and ends per dimension: pads, cuts space into blocks, and stacks these as batches. */
export const importSpaceToBatch: OpImporter = (node) => {
  const block = node.knownNumbers(1, 'the block');
  const borders = node.knownNumbers(2, 'the paddings');
  const rank = node.rank(node.input(0));
  const begins = perAxis(rank, block, (i) => borders[2 * i] ?? 0);
  const ends = perAxis(rank, block, (i) => borders[2 * i + 1] ?? 0);
  const padded = node.emit('pad', [node.input(0)], { pads: [...begins, ...ends] });
  const [batch = 0, ...rest] = node.sizes(padded);
  const split = rest.flatMap((size, i) => (i < block.length ? [size / (block[i] ?? 1), block[i] ?? 1] : [size]));
  const cut = node.reshape(padded, [batch, ...split]);
  const inner = block.map((_, i) => 2 * i + 2);
  const others = Array.from({ length: split.length }, (_, i) => i + 1).filter((axis) => !inner.includes(axis));
  const moved = node.transpose(cut, [...inner, 0, ...others]);
  return node.reshape(moved, [batch * count(block), ...rest.map((size, i) => size / (block[i] ?? 1))]);
};

export const importBatchToSpace: OpImporter = (node) => {
  const block = node.knownNumbers(1, 'the block');
  const crops = node.knownNumbers(2, 'the crops');
  const [batch = 0, ...rest] = node.sizes(node.input(0));
  const blocks = block.length;
  const cut = node.reshape(node.input(0), [...block, batch / count(block), ...rest]);
  const perm = [blocks, ...rest.flatMap((_, i) => (i < blocks ? [blocks + 1 + i, i] : [blocks + 1 + i]))];
  const whole = node.reshape(node.transpose(cut, perm), [
    batch / count(block),
    ...rest.map((size, i) => size * (block[i] ?? 1)),
  ]);
  const rank = rest.length + 1;
  const begins = perAxis(rank, block, (i) => -(crops[2 * i] ?? 0));
  return node.emit('pad', [whole], { pads: [...begins, ...perAxis(rank, block, (i) => -(crops[2 * i + 1] ?? 0))] });
};

/** One number for each axis: those of the block's are the ones behind the batch. */
const perAxis = (rank: number, block: readonly number[], value: (i: number) => number): number[] =>
  Array.from({ length: rank }, (_, axis) => (axis >= 1 && axis <= block.length ? value(axis - 1) : 0));
