import { OpError } from '../../../ops/op.ts';
import { numbersOf, tensorOf } from '../../../tensor/convert.ts';
import { elementCount, rowMajorStrides, sizesOf } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Importer, type OnnxNode, Unsupported } from '../node.ts';

/** Operators that lcc has no kernels for, computed where their inputs are known: they serve shapes and tables. */

function requireKnown(node: OnnxNode, i: number): Tensor {
  const tensor = node.known(node.input(i));
  if (tensor === undefined) throw new Unsupported('lcc computes it only from values known at build time');
  return tensor;
}

type Combine = (old: number | bigint, update: number | bigint) => number | bigint;

const multiply: Combine = (old, update) => (typeof old === 'bigint' ? old * BigInt(update) : old * Number(update));

/** Math.min and Math.max take no BigInt. */
const isLess = (a: number | bigint, b: number | bigint): boolean => a < b;

const combinations: Readonly<Record<string, Combine>> = {
  none: (_, update) => update,
  add: (old, update) => (typeof old === 'bigint' ? old + BigInt(update) : old + Number(update)),
  mul: multiply,
  min: (old, update) => (isLess(update, old) ? update : old),
  max: (old, update) => (isLess(old, update) ? update : old),
};

/** Elements as numbers, 64-bit integers as BigInt. */
const elementsOf = (tensor: Tensor): (number | bigint)[] =>
  tensor.data instanceof BigInt64Array || tensor.data instanceof BigUint64Array
    ? Array.from(tensor.data)
    : numbersOf(tensor);

const withElements = (tensor: Tensor, elements: readonly (number | bigint)[]): Tensor =>
  tensorOf(tensor.dtype, sizesOf(tensor.shape), elements);

function readCombination(node: OnnxNode): Combine {
  const name = node.string('reduction', 'none');
  const found = combinations[name];
  if (found === undefined) throw new Unsupported(`reduction is "${name}"`);
  return found;
}

function wrapIndex(index: number, size: number): number {
  if (index < -size || index >= size) throw new OpError(`index ${index} in a dimension of ${size}`);
  return index < 0 ? index + size : index;
}

/** data[..., indices[i], ...] = updates[i], along one axis. */
export const importScatterElements: Importer = (node) => {
  const [data, indices, updates] = [requireKnown(node, 0), requireKnown(node, 1), requireKnown(node, 2)];
  const combine = readCombination(node);
  const axis = node.axisOf(node.int('axis', 0), data.shape.length);
  const [strides, from] = [rowMajorStrides(data.shape), rowMajorStrides(indices.shape)];
  const sizes = sizesOf(indices.shape);
  const result = elementsOf(data);
  const values = elementsOf(updates);
  numbersOf(indices).forEach((index, i) => {
    const at = sizes.reduce((offset, size, d) => {
      const along = d === axis ? wrapIndex(index, data.shape[d]?.size ?? 0) : Math.floor(i / (from[d] ?? 1)) % size;
      return offset + along * (strides[d] ?? 1);
    }, 0);
    result[at] = combine(result[at] ?? 0, values[i] ?? 0);
  });
  return node.constant(withElements(data, result));
};

/** data[indices[i]] = updates[i], where an index names the first dimensions and an update is the rest. */
export const importScatterND: Importer = (node) => {
  const [data, indices, updates] = [requireKnown(node, 0), requireKnown(node, 1), requireKnown(node, 2)];
  const combine = readCombination(node);
  const depth = indices.shape.at(-1)?.size ?? 0;
  const strides = rowMajorStrides(data.shape);
  const block = elementCount(data.shape.slice(depth));
  const result = elementsOf(data);
  const values = elementsOf(updates);
  const flat = numbersOf(indices);
  for (let i = 0; i * depth < flat.length; i++) {
    const start = flat
      .slice(i * depth, (i + 1) * depth)
      .reduce((offset, index, d) => offset + wrapIndex(index, data.shape[d]?.size ?? 0) * (strides[d] ?? 1), 0);
    for (let k = 0; k < block; k++) {
      result[start + k] = combine(result[start + k] ?? 0, values[i * block + k] ?? 0);
    }
  }
  return node.constant(withElements(data, result));
};

/** The k largest or smallest along an axis, and their indices; of equal ones the first. */
export const importTopK: Importer = (node) => {
  const x = requireKnown(node, 0);
  const k = node.has('k') ? node.int('k', 0) : (node.knownNumber(1, 'k') ?? 0);
  const axis = node.axisOf(node.int('axis', -1), x.shape.length);
  const size = x.shape[axis]?.size ?? 0;
  if (k < 0 || k > size) throw new OpError(`k is ${k} in a dimension of ${size}`);
  const sign = node.flag('largest', true) ? 1 : -1;
  const inner = elementCount(x.shape.slice(axis + 1));
  const outer = elementCount(x.shape.slice(0, axis));
  const elements = elementsOf(x);
  const [values, places] = [new Array<number | bigint>(outer * k * inner), new Array<number>(outer * k * inner)];
  for (let row = 0; row < outer * inner; row++) {
    const [o, i] = [Math.floor(row / inner), row % inner];
    const at = (p: number) => elements[(o * size + p) * inner + i] ?? 0;
    const order = (a: number, b: number) => (at(a) < at(b) ? sign : at(a) > at(b) ? -sign : a - b);
    const ranked = Array.from({ length: size }, (_, p) => p).sort(order);
    ranked.slice(0, k).forEach((p, rank) => {
      values[(o * k + rank) * inner + i] = at(p);
      places[(o * k + rank) * inner + i] = p;
    });
  }
  const sizes = sizesOf(x.shape).map((s, d) => (d === axis ? k : s));
  return [node.constant(tensorOf(x.dtype, sizes, values)), node.numbers('int64', sizes, places)];
};

/** The slices a known condition keeps, along an axis or of all elements. */
export const importCompress: Importer = (node) => {
  const x = node.input(0);
  const condition = node.knownNumbers(1, 'the number of its results') ?? [];
  const kept = condition.flatMap((is, i) => (is !== 0 ? [i] : []));
  const indices = node.numbers('int64', [kept.length], kept);
  if (node.has('axis')) {
    return node.emit('gather', [x, indices], { axis: node.axisOf(node.int('axis', 0), node.rank(x)) });
  }
  return node.emit('gather', [node.reshape(x, [elementCount(node.type(x).shape)]), indices], { axis: 0 });
};

/** Running products along an axis. */
export const importCumProd: Importer = (node) => {
  const x = requireKnown(node, 0);
  const axis = node.axisOf(node.knownNumber(1, 'axis') ?? 0, x.shape.length);
  const [isExclusive, isReverse] = [node.flag('exclusive'), node.flag('reverse')];
  const size = x.shape[axis]?.size ?? 0;
  const stride = rowMajorStrides(x.shape)[axis] ?? 1;
  const elements = elementsOf(x);
  const result = [...elements];
  for (let first = 0; first < elements.length; first++) {
    if (Math.floor(first / stride) % size !== 0) continue;
    let product: number | bigint = typeof elements[0] === 'bigint' ? 1n : 1;
    for (let step = 0; step < size; step++) {
      const at = first + (isReverse ? size - 1 - step : step) * stride;
      const next = multiply(product, elements[at] ?? 0);
      result[at] = isExclusive ? product : next;
      product = next;
    }
  }
  return node.constant(withElements(x, result));
};
