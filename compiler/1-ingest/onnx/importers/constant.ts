import { OpError } from '../../../ops/op.ts';
import { encodeData, numbersOf } from '../../../tensor/convert.ts';
import { dtypes, isFloat, isWide } from '../../../tensor/dtype.ts';
import { elementCount, shapeOf } from '../../../tensor/shape.ts';
import { makeTensor } from '../../../tensor/tensor.ts';
import { type Importer, type OnnxNode, Unsupported } from '../node.ts';
import { dtypeAttribute } from './cast.ts';

/** Operators whose outputs are known at build time. */

export const importConstant: Importer = (node) => {
  const tensor = node.tensor('value');
  if (tensor !== undefined) return node.constant(tensor);
  const number = node.attribute('value_int') ?? node.attribute('value_float');
  const list = node.attribute('value_ints') ?? node.attribute('value_floats');
  if (number?.kind === 'int') return node.scalar('int64', number.value);
  if (number?.kind === 'float') return node.scalar('float32', number.value);
  if (list?.kind === 'ints') return node.numbers('int64', [list.value.length], list.value);
  if (list?.kind === 'floats') return node.numbers('float32', [list.value.length], list.value);
  const refused = ['sparse_value', 'value_string', 'value_strings'].find((name) => node.has(name));
  throw refused === undefined ? new OpError('Constant holds no value') : new Unsupported(`it holds a ${refused}`);
};

export const importConstantOfShape: Importer = (node) => {
  const sizes = node.knownNumbers(0, 'shape') ?? [];
  const value = node.tensor('value');
  if (value === undefined) return node.expand(node.scalar('float32', 0), sizes);
  if (elementCount(value.shape) !== 1) throw new OpError(`its value has ${elementCount(value.shape)} elements, not 1`);
  return node.expand(node.reshape(node.constant(value), []), sizes);
};

/** Sizes start..end of the input's shape (opset 15: a part of them). */
export const importShape: Importer = (node) => {
  const sizes = node.sizes(node.input(0));
  const part = sizes.slice(clampAxis(node.int('start', 0), sizes), clampAxis(node.int('end', sizes.length), sizes));
  return node.numbers('int64', [part.length], part);
};

const clampAxis = (axis: number, sizes: readonly number[]): number =>
  Math.min(sizes.length, Math.max(0, axis < 0 ? axis + sizes.length : axis));

export const importSize: Importer = (node) => node.scalar('int64', elementCount(node.type(node.input(0)).shape));

/** start + i delta for i in 0 .. ceil((limit - start) / delta) */
export const importRange: Importer = (node) => {
  const tensors = ['start', 'limit', 'delta'].map((use, i) => node.knownInput(i, use));
  const [start, limit, delta] = tensors.map((tensor) => tensor && numbersOf(tensor)[0]);
  const dtype = tensors[0]?.dtype;
  if (start === undefined || limit === undefined || delta === undefined || dtype === undefined) {
    throw new OpError('Range needs start, limit and delta');
  }
  if (delta === 0) throw new OpError('a delta of 0');
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  requireCount(node, count);
  const values = Array.from({ length: count }, (_, i) => start + i * delta);
  return node.numbers(dtype, [count], isFloat(dtype) ? values : values.map(Math.trunc));
};

function requireCount(node: OnnxNode, count: number): void {
  if (!(count <= 2 ** 24)) throw new OpError(`${node.op} would make ${count} elements`);
}

/** 1 where column - row = k. */
export const importEyeLike: Importer = (node) => {
  const x = node.input(0);
  const [rows, columns] = node.sizes(x);
  if (rows === undefined || columns === undefined || node.rank(x) !== 2) {
    throw new OpError(`x must have rank 2, not ${node.rank(x)}`);
  }
  const k = node.int('k', 0);
  requireCount(node, rows * columns);
  const values = Array.from({ length: rows * columns }, (_, i) =>
    Number((i % columns) - Math.floor(i / columns) === k),
  );
  return node.numbers(dtypeAttribute(node, 'dtype', node.type(x).dtype), [rows, columns], values);
};

/** Indices [rank, count] of the elements that are not zero, in row-major order. */
export const importNonZero: Importer = (node) => {
  const tensor = node.knownInput(0, 'the number of its results');
  if (tensor === undefined) throw new OpError('NonZero needs its input');
  const sizes = tensor.shape.map((d) => d.size);
  const found = numbersOf(tensor).flatMap((value, i) => (value !== 0 ? [i] : []));
  const rows = sizes.map((size, axis) => {
    const stride = sizes.slice(axis + 1).reduce((product, s) => product * s, 1);
    return found.map((i) => Math.floor(i / stride) % size);
  });
  return node.numbers('int64', [sizes.length, found.length], rows.flat());
};

/** Inference keeps every element; the mask is all true (all 1 in the element type before opset 10). */
export const importDropout: Importer = (node) => {
  const x = node.input(0);
  const isTraining = node.knownNumber(2, 'training_mode') ?? 0;
  if (isTraining !== 0) throw new Unsupported('training_mode is true');
  if (!node.isUsed(1)) return x;
  const dtype = node.opset >= 10 ? 'bool' : node.type(x).dtype;
  const ones = encodeData(dtype, isWide(dtype) ? [1n] : [1]);
  return [x, node.expand(node.constant(makeTensor(dtype, shapeOf([]), ones)), node.sizes(x))];
};

/** Bytes of one element, for BitCast: the same bits under another type of the same width. */
export const importBitCast: Importer = (node) => {
  const tensor = node.knownInput(0, 'its bits');
  if (tensor === undefined) throw new OpError('BitCast needs its input');
  const to = dtypeAttribute(node, 'to', tensor.dtype);
  if (dtypes[to].bytes !== dtypes[tensor.dtype].bytes) throw new Unsupported('it changes the width of elements');
  const { buffer, byteOffset, byteLength } = tensor.data;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
  return node.constant(makeTensor(to, tensor.shape, new dtypes[to].array(bytes.buffer)));
};
