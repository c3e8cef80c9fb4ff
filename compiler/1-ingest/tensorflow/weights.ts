import { decodeFloat16 } from '../../tensor/convert.ts';
import type { DType, TypedArray } from '../../tensor/dtype.ts';
import { elementCount, shapeOf } from '../../tensor/shape.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import { type Fields, Malformed } from './json.ts';

/** One weight of a manifest group, in the order of its bytes. */
interface Entry {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly dtype: StoredType;
  readonly quantization: Quantization | undefined;
}

type StoredType = 'float32' | 'int32' | 'bool' | 'string';

/** Codes stand for code * scale + min; float16 values stand for themselves. */
type Quantization =
  | { readonly dtype: 'float16' }
  | { readonly dtype: 'uint8' | 'uint16'; readonly scale: number; readonly min: number };

const elementBytes = { float32: 4, int32: 4, bool: 1, float16: 2, uint8: 1, uint16: 2 } as const;

/** Bytes of a group that do not last for its weights, or are more than they take. */
export class WrongSize extends Error {}

/** The tensors of one manifest group by name; texts are passed over. @throws Malformed, WrongSize */
export function decodeGroup(weights: readonly Fields[], bytes: Uint8Array): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const needed = weights.map(parseEntry);
  let offset = 0;
  for (const entry of needed) {
    const length = lengthOf(entry, bytes, offset);
    if (offset + length > bytes.length) throw wrongSize(needed, bytes);
    if (entry.dtype !== 'string') {
      tensors.set(entry.name, decode(entry, entry.dtype, bytes.slice(offset, offset + length)));
    }
    offset += length;
  }
  if (offset !== bytes.length) throw wrongSize(needed, bytes);
  return tensors;
}

function wrongSize(entries: readonly Entry[], bytes: Uint8Array): WrongSize {
  const numeric = entries.filter((entry) => entry.dtype !== 'string');
  const total = numeric.reduce((sum, entry) => sum + lengthOf(entry, bytes, 0), 0);
  const more = numeric.length < entries.length ? ' and texts' : '';
  return new WrongSize(`it has ${bytes.length} bytes, its weights take ${total}${more}`);
}

function parseEntry(weight: Fields): Entry {
  const dtype = weight.string('dtype');
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool' && dtype !== 'string') {
    throw new Malformed(`${weight.pathOf('dtype')} is "${dtype}", which lcc has no numbers for`);
  }
  const sizes = weight.numbers('shape');
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new Malformed(`${weight.pathOf('shape')} is no shape`);
  }
  const quantization = weight.has('quantization') ? parseQuantization(weight.fields('quantization')) : undefined;
  return { name: weight.string('name'), sizes, dtype, quantization };
}

function parseQuantization(fields: Fields): Quantization {
  const dtype = fields.string('dtype');
  if (dtype === 'float16') return { dtype };
  if (dtype !== 'uint8' && dtype !== 'uint16') throw new Malformed(`${fields.pathOf('dtype')} is "${dtype}"`);
  return { dtype, scale: fields.number('scale'), min: fields.number('min') };
}

/** A text is its length in 4 bytes, then as many bytes. */
function lengthOf({ sizes, dtype, quantization }: Entry, bytes: Uint8Array, offset: number): number {
  const count = elementCount(shapeOf(sizes));
  if (dtype !== 'string') return count * elementBytes[quantization?.dtype ?? dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let length = 0;
  for (let i = 0; i < count; i++) {
    if (offset + length + 4 > bytes.length) return Number.POSITIVE_INFINITY;
    length += 4 + view.getUint32(offset + length, true);
  }
  return length;
}

function decode({ sizes, quantization }: Entry, dtype: DType, bytes: Uint8Array): Tensor {
  const { buffer } = bytes;
  const shape = shapeOf(sizes);
  switch (quantization?.dtype) {
    case undefined:
      return makeTensor(dtype, shape, plainData(dtype, bytes));
    case 'float16':
      return makeTensor(dtype, shape, Float32Array.from(new Uint16Array(buffer), decodeFloat16));
    case 'uint8':
    case 'uint16': {
      const { scale, min } = quantization;
      const codes = quantization.dtype === 'uint8' ? bytes : new Uint16Array(buffer);
      const value = (code: number): number => code * scale + min;
      if (dtype === 'int32')
        return makeTensor(
          dtype,
          shape,
          Int32Array.from(codes, (code) => Math.round(value(code))),
        );
      return makeTensor(dtype, shape, Float32Array.from(codes, value));
    }
    default:
      return quantization satisfies never;
  }
}

function plainData(dtype: DType, bytes: Uint8Array): TypedArray {
  if (dtype === 'float32') return new Float32Array(bytes.buffer);
  return dtype === 'int32' ? new Int32Array(bytes.buffer) : bytes;
}
