import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { Unsupported } from '../../refusals.ts';
import type { OpImporter, OpNode } from './op-node.ts';

const concatenate = (node: OpNode, values: readonly ValueId[], axis: number): ValueId => {
  const [first] = values;
  if (first === undefined) throw new OpError(`${node.op} needs at least one value`);
  const at = node.axisOf(axis, node.rank(first));
  return values.length === 1 ? first : node.alongAxes('concat', values, (order) => ({ axis: order.at(at) }));
};

/** The axis comes last. */
export const importConcatV2: OpImporter = (node) =>
  concatenate(node, node.inputs.slice(0, -1), node.knownNumber(node.inputs.length - 1, 'the axis'));

/** The axis comes first. */
export const importConcat: OpImporter = (node) =>
  concatenate(node, node.inputs.slice(1), node.knownNumber(0, 'the axis'));

/** x[begin, begin + step, ...] in every dimension. */
export function cut(
  node: OpNode,
  x: ValueId,
  starts: readonly number[],
  sizes: readonly number[],
  steps?: readonly number[],
): ValueId {
  const by = steps ?? sizes.map(() => 1);
  const isWhole = node.sizes(x).every((size, i) => size === sizes[i]) && by.every((step) => step === 1);
  if (isWhole) return x;
  return node.alongAxes('slice', [x], (order) => ({
    starts: order.arrange(starts),
    steps: order.arrange(by),
    sizes: order.arrange(sizes),
  }));
}

function split(node: OpNode, x: ValueId, axis: number, parts: readonly number[]): ValueId[] {
  const sizes = node.sizes(x);
  const total = sizes[axis] ?? 0;
  if (parts.reduce((sum, part) => sum + part, 0) !== total || parts.some((part) => part < 0)) {
    throw new OpError(`parts [${parts.join(',')}] of a dimension of ${total}`);
  }
  let offset = 0;
  return parts.map((part) => {
    const starts = sizes.map((_, i) => (i === axis ? offset : 0));
    offset += part;
    return cut(node, x, starts, sizes.with(axis, part));
  });
}

export const importSplit: OpImporter = (node) => {
  const x = node.input(1);
  const axis = node.axisOf(node.knownNumber(0, 'the axis'), node.rank(x));
  const parts = node.attributes.int('num_split', 1);
  return split(node, x, axis, new Array<number>(parts).fill((node.sizes(x)[axis] ?? 0) / parts));
};

/** One part may be -1: what is left. */
export const importSplitV: OpImporter = (node) => {
  const x = node.input(0);
  const axis = node.axisOf(node.knownNumber(2, 'the axis'), node.rank(x));
  const wanted = node.knownNumbers(1, 'the sizes of the parts');
  const known = wanted.filter((part) => part !== -1).reduce((sum, part) => sum + part, 0);
  const rest = (node.sizes(x)[axis] ?? 0) - known;
  return split(
    node,
    x,
    axis,
    wanted.map((part) => (part === -1 ? rest : part)),
  );
};

/** A size of -1 goes to the end. */
export const importSlice: OpImporter = (node) => {
  const x = node.input(0);
  const starts = node.knownNumbers(1, 'the start');
  const wanted = node.knownNumbers(2, 'the size');
  return cut(
    node,
    x,
    starts,
    node.sizes(x).map((size, i) => (wanted[i] === -1 ? size - (starts[i] ?? 0) : (wanted[i] ?? size))),
  );
};

/** begins before ends, one pair for each dimension. */
function padsOf(node: OpNode): { readonly begins: number[]; readonly ends: number[] } {
  const pairs = node.knownNumbers(1, 'the paddings');
  const rank = node.rank(node.input(0));
  if (pairs.length !== 2 * rank) throw new OpError(`${pairs.length} paddings for a rank of ${rank}`);
  return { begins: pairs.filter((_, i) => i % 2 === 0), ends: pairs.filter((_, i) => i % 2 === 1) };
}

export const importPad: OpImporter = (node) => {
  const { begins, ends } = padsOf(node);
  const value = node.inputs.length > 2 ? node.knownNumber(2, 'the value of the padding') : 0;
  return node.alongAxes('pad', [node.input(0)], (order) => ({
    pads: [...order.arrange(begins), ...order.arrange(ends)],
    value,
  }));
};

/** REFLECT leaves out the edge, SYMMETRIC repeats it. */
export const importMirrorPad: OpImporter = (node) => {
  const { begins, ends } = padsOf(node);
  const mode = node.attributes.string('mode', 'REFLECT');
  if (mode === 'REFLECT') {
    return node.alongAxes('pad', [node.input(0)], (order) => ({
      pads: [...order.arrange(begins), ...order.arrange(ends)],
      mode: 'reflect',
    }));
  }
  if (mode !== 'SYMMETRIC') throw new Unsupported(`mode is "${mode}"`);
  return node.sizes(node.input(0)).reduce((x, size, axis) => {
    const [begin, end] = [begins[axis] ?? 0, ends[axis] ?? 0];
    if (begin === 0 && end === 0) return x;
    const positions = Array.from({ length: begin + size + end }, (_, i) => mirrored(i - begin, size));
    return node.emit('gather', [x, node.numbers('int32', [positions.length], positions)], { axis });
  }, node.input(0));
};

/** ... 1 0 | 0 1 2 | 2 1 ... */
function mirrored(position: number, size: number): number {
  const folded = ((position % (2 * size)) + 2 * size) % (2 * size);
  return folded < size ? folded : 2 * size - 1 - folded;
}

export const importTile: OpImporter = (node) => {
  const repeats = node.knownNumbers(1, 'the repeats');
  if (repeats.every((times) => times === 1)) return node.input(0);
  return node.emit('tile', [node.input(0)], { repeats });
};

/** Values of one shape along a new axis. */
export const importPack: OpImporter = (node) => {
  const axis = node.axisOf(node.attributes.int('axis', 0), node.rank(node.input(0)) + 1);
  const layers = node.inputs.map((id) => node.reshape(id, node.sizes(id).toSpliced(axis, 0, 1)));
  return concatenate(node, layers, axis);
};

export const importUnpack: OpImporter = (node) => {
  const x = node.input(0);
  const axis = node.axisOf(node.attributes.int('axis', 0), node.rank(x));
  const sizes = node.sizes(x);
  return split(node, x, axis, new Array<number>(sizes[axis] ?? 0).fill(1)).map((part) =>
    node.reshape(part, sizes.toSpliced(axis, 1)),
  );
};

/** The axis is an input from version 2 on. */
export const importGather: OpImporter = (node) => {
  const batchDims = node.attributes.int('batch_dims', 0);
  if (batchDims !== 0) throw new Unsupported(`batch_dims is ${batchDims}`);
  const x = node.input(0);
  const axis = node.inputs.length > 2 ? node.axisOf(node.knownNumber(2, 'the axis'), node.rank(x)) : 0;
  return node.emit('gather', [x, node.input(1)], { axis });
};

export const importGatherNd: OpImporter = (node) => node.emit('gatherND', [node.input(0), node.input(1)]);

/** Indices outside the depth, negative ones too, stand for no position. */
export const importOneHot: OpImporter = (node) => {
  const indices = node.input(0);
  const depth = node.knownNumber(1, 'the depth');
  const outside = node.scalar(node.type(indices).dtype, depth);
  const isNegative = node.emit('less', [indices, node.scalar(node.type(indices).dtype, 0)]);
  const values = [node.input(3), node.input(2)].map((id) => node.reshape(id, [1]));
  const chosen = node.emit('where', [isNegative, outside, indices]);
  return node.emit('oneHot', [chosen, node.emit('concat', values, { axis: 0 })], {
    depth,
    axis: node.axisOf(node.attributes.int('axis', -1), node.rank(indices) + 1),
  });
};

/** The axes are numbers, or one flag for each dimension. */
export const importReverse: OpImporter = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const given = node.knownNumbers(1, 'the axes');
  const axes =
    node.op === 'Reverse' ? given.flatMap((is, i) => (is !== 0 ? [i] : [])) : node.axesOf(given, sizes.length);
  const starts = sizes.map((size, i) => (axes.includes(i) ? Math.max(0, size - 1) : 0));
  const steps = sizes.map((_, i) => (axes.includes(i) ? -1 : 1));
  return cut(node, x, starts, sizes, steps);
};
