import { dataNotReadable, dataTypeWrong } from '../diagnostics/data.ts';
import { decodeFloat16 } from '../tensor/convert.ts';
import { type DType, dtypes } from '../tensor/dtype.ts';
import type { StoredArray } from './samples.ts';

const types: Readonly<Record<string, DType>> = {
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

/**
 * One array of numpy's .npy format, versions 1 to 3 (NEP 1), either byte order, C or Fortran order.
 * @throws LccError LCC7002 for what is not one, LCC7010 for strings, objects and other types
 */
export function parseNpy(bytes: Uint8Array, name: string, file: string): StoredArray {
  const { descr, isFortran, shape, start } = parseHeader(bytes, name, file);
  const dtype = types[descr.slice(1)];
  if (dtype === undefined) throw dataTypeWrong(file, name, `values of numpy type ${descr}`);
  const count = shape.reduce((product, size) => product * size, 1);
  const { bytes: width, array, kind } = dtypes[dtype];
  if (bytes.length < start + count * width) {
    throw dataNotReadable(file, `the array "${name}" ends after ${bytes.length - start} of ${count * width} bytes`);
  }
  const body = Uint8Array.from(bytes.subarray(start, start + count * width)); // its own buffer, so aligned
  if (descr.startsWith('>')) swapBytes(body, width);
  const stored = new array((isFortran ? toRowMajor(body, shape, width) : body).buffer);
  const isHalf = dtype === 'float16' && stored instanceof Uint16Array;
  const values = isHalf ? Float32Array.from(stored, decodeFloat16) : stored;
  return { values, shape, isInteger: kind !== 'float' };
}

function parseHeader(bytes: Uint8Array, name: string, file: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || !isNpy(bytes)) throw dataNotReadable(file, `"${name}" is not a numpy array`);
  const isShort = view.getUint8(6) === 1;
  const start = isShort ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  const header = new TextDecoder('latin1').decode(bytes.subarray(isShort ? 10 : 12, start));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (descr === undefined && /'descr':\s*\[/.test(header)) throw dataTypeWrong(file, name, 'records');
  if (descr === undefined || order === undefined || sizes === undefined) {
    throw dataNotReadable(file, `the header of "${name}" is damaged`);
  }
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map((size) => Number.parseInt(size, 10));
  return { descr, isFortran: order === 'True', shape, start };
}

export const isNpy = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x93 && new TextDecoder('latin1').decode(bytes.subarray(1, 6)) === 'NUMPY';

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}

/** Fortran order: index k of axis a moves by the product of the sizes before a. */
function toRowMajor(bytes: Uint8Array, shape: readonly number[], width: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes.length);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, width));
  const position = shape.map(() => 0);
  for (let to = 0; to < result.length; to += width) {
    const from = position.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), 0);
    result.set(bytes.subarray(from, from + width), to);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = ((position[axis] ?? 0) + 1) % (shape[axis] ?? 1);
      position[axis] = next;
      if (next !== 0) break;
    }
  }
  return result;
}
