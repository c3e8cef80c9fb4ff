import { OpError } from '../../../ops/op.ts';
import { broadcastShapes, shapeOf, sizesOf } from '../../../tensor/shape.ts';
import { type Importer, Unsupported } from '../node.ts';

export const importTranspose: Importer = (node) => {
  const x = node.input(0);
  const rank = node.rank(x);
  const perm = node.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return node.transpose(x, node.axesOf(perm, rank));
};

export const importConcat: Importer = (node) => {
  const inputs = node.allInputs();
  const [first] = inputs;
  if (first === undefined) throw new OpError('Concat needs at least one input');
  if (inputs.length === 1) return first;
  return node.emit('concat', inputs, { axis: node.axisOf(node.int('axis', 1), node.rank(first)) });
};

/** Sizes of the parts: an attribute, an input from opset 13 on, or equal ones (the last may be smaller from 18 on). */
export const importSplit: Importer = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const axis = node.axisOf(node.int('axis', 0), sizes.length);
  const total = sizes[axis] ?? 0;
  const parts = node.intsOf('split', 1) ?? equalParts(total, node.int('num_outputs', node.outputCount), node.opset);
  if (parts.reduce((sum, part) => sum + part, 0) !== total || parts.some((part) => part < 0)) {
    throw new OpError(`parts [${parts.join(',')}] of a dimension of ${total}`);
  }
  let offset = 0;
  return parts.map((part) => {
    const starts = sizes.map((_, i) => (i === axis ? offset : 0));
    offset += part;
    const partSizes = sizes.map((size, i) => (i === axis ? part : size));
    return node.emit('slice', [x], { starts, steps: sizes.map(() => 1), sizes: partSizes });
  });
};

function equalParts(total: number, count: number, opset: number): number[] {
  const part = Math.ceil(total / count);
  if (opset < 18 && total % count !== 0) throw new OpError(`a dimension of ${total} does not split into ${count}`);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, total - i * part)));
}

/** Attributes until opset 9, inputs from 10 on. Ends and starts are clamped as in numpy. */
export const importSlice: Importer = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const starts = node.intsOf('starts', 1) ?? [];
  const ends = node.intsOf('ends', 2) ?? [];
  const axes = node.axesOf(node.intsOf('axes', 3) ?? starts.map((_, i) => i), sizes.length);
  const steps = node.knownNumbers(4, 'steps') ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw new OpError(`${starts.length} starts, ${ends.length} ends, ${axes.length} axes, ${steps.length} steps`);
  }
  const from = sizes.map(() => 0);
  const by = sizes.map(() => 1);
  const result = [...sizes];
  axes.forEach((axis, i) => {
    const size = sizes[axis] ?? 0;
    const step = steps[i] ?? 1;
    if (step === 0) throw new OpError('a step of 0');
    const clamp = (at: number, low: number, high: number) => Math.min(high, Math.max(low, at < 0 ? at + size : at));
    const start = step > 0 ? clamp(starts[i] ?? 0, 0, size) : clamp(starts[i] ?? 0, 0, size - 1);
    const end = step > 0 ? clamp(ends[i] ?? 0, 0, size) : clamp(ends[i] ?? 0, -1, size - 1);
    by[axis] = step;
    result[axis] = Math.max(0, Math.ceil((end - start) / step));
    from[axis] = result[axis] === 0 ? 0 : start;
  });
  const isWhole = result.every((size, i) => size === sizes[i]) && by.every((step) => step === 1);
  return isWhole ? x : node.emit('slice', [x], { starts: from, steps: by, sizes: result });
};

/** Attributes until opset 2 of the operator, inputs from 11 on, axes from 18 on. */
export const importPad: Importer = (node) => {
  const x = node.input(0);
  const rank = node.rank(x);
  const given = node.intsOf('pads', 1);
  const axes = node.axesOf(node.knownNumbers(3, 'axes') ?? Array.from({ length: rank }, (_, i) => i), rank);
  if (given === undefined || given.length !== 2 * axes.length) {
    throw new OpError(`pads [${given?.join(',') ?? ''}] for ${axes.length} dimensions`);
  }
  const mode = node.string('mode', 'constant');
  if (!['constant', 'reflect', 'edge', 'wrap'].includes(mode)) throw new Unsupported(`mode is "${mode}"`);
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = given[i] ?? 0;
    pads[axis + rank] = given[i + axes.length] ?? 0;
  });
  const value = node.has('value') ? node.float('value', 0) : (node.knownNumber(2, 'constant_value') ?? 0);
  return pads.every((pad) => pad === 0) ? x : node.emit('pad', [x], { pads, mode, value });
};

export const importExpand: Importer = (node) => {
  const x = node.input(0);
  const wanted = node.knownNumbers(1, 'shape');
  if (wanted === undefined) throw new OpError('Expand needs its shape');
  const shape = broadcastShapes(node.type(x).shape, shapeOf(wanted));
  if (shape === undefined)
    throw new OpError(`[${node.sizes(x).join(',')}] cannot be expanded to [${wanted.join(',')}]`);
  return node.expand(x, sizesOf(shape));
};

export const importTile: Importer = (node) => {
  const x = node.input(0);
  const repeats = node.knownNumbers(1, 'repeats');
  if (repeats === undefined || repeats.length !== node.rank(x)) {
    throw new OpError(`repeats [${repeats?.join(',') ?? ''}] for a tensor of rank ${node.rank(x)}`);
  }
  return repeats.every((times) => times === 1) ? x : node.emit('tile', [x], { repeats });
};

export const importTrilu: Importer = (node) => {
  const x = node.input(0);
  const [rows = 0, columns = 0] = node.sizes(x).slice(-2);
  // Beyond the corners nothing changes any more.
  const k = Math.max(-rows, Math.min(columns, node.knownNumber(1, 'k') ?? 0));
  return node.emit('trilu', [x], { upper: node.flag('upper', true), k });
};

/** The middle of each dimension, or zeros around it; where one is left over, at the end. */
export const importCenterCropPad: Importer = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const wanted = node.knownNumbers(1, 'shape') ?? [];
  const axes = node.axesOf(node.ints('axes') ?? sizes.map((_, i) => i), sizes.length);
  if (wanted.length !== axes.length) throw new OpError(`shape [${wanted.join(',')}] for ${axes.length} dimensions`);
  const target = sizes.map((size, i) => wanted[axes.indexOf(i)] ?? size);
  const missing = target.map((size, i) => size - (sizes[i] ?? 0));
  const kept = target.map((size, i) => Math.min(size, sizes[i] ?? 0));
  const starts = missing.map((count) => Math.max(0, Math.floor(-count / 2)));
  const isWhole = missing.every((count) => count >= 0);
  const cropped = isWhole ? x : node.emit('slice', [x], { starts, steps: sizes.map(() => 1), sizes: kept });
  const begins = missing.map((count) => Math.max(0, Math.floor(count / 2)));
  const ends = missing.map((count, i) => Math.max(0, count) - (begins[i] ?? 0));
  if (missing.every((count) => count <= 0)) return cropped;
  return node.emit('pad', [cropped], { pads: [...begins, ...ends], mode: 'constant', value: 0 });
};
