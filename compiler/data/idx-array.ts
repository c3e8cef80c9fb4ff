import { dataNotReadable } from '../diagnostics/data.ts';
import type { StoredArray } from './samples.ts';

interface IdxType {
  readonly bytes: number;
  readonly isInteger: boolean;
  read(view: DataView, start: number, count: number): StoredArray['values'];
}

/** Type codes of the IDX format (yann.lecun.com/exdb/mnist): big-endian values. */
const types: Readonly<Record<number, IdxType>> = {
  8: { bytes: 1, isInteger: true, read: (v, at, n) => new Uint8Array(v.buffer, v.byteOffset + at, n) },
  9: { bytes: 1, isInteger: true, read: (v, at, n) => Int8Array.from({ length: n }, (_, e) => v.getInt8(at + e)) },
  11: {
    bytes: 2,
    isInteger: true,
    read: (v, at, n) => Int16Array.from({ length: n }, (_, e) => v.getInt16(at + 2 * e)),
  },
  12: {
    bytes: 4,
    isInteger: true,
    read: (v, at, n) => Int32Array.from({ length: n }, (_, e) => v.getInt32(at + 4 * e)),
  },
  13: {
    bytes: 4,
    isInteger: false,
    read: (v, at, n) => Float32Array.from({ length: n }, (_, e) => v.getFloat32(at + 4 * e)),
  },
  14: {
    bytes: 8,
    isInteger: false,
    read: (v, at, n) => Float64Array.from({ length: n }, (_, e) => v.getFloat64(at + 8 * e)),
  },
};

const headerSize = (rank: number): number => 4 + 4 * rank;

export const isIdx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0 && types[bytes[2] ?? 0] !== undefined && (bytes[3] ?? 0) > 0 && (bytes[3] ?? 0) < 9;

/** One array. @throws LccError LCC7002 */
export function parseIdx(bytes: Uint8Array, file: string): StoredArray {
  const type = types[bytes[2] ?? 0];
  const rank = bytes[3] ?? 0;
  if (!isIdx(bytes) || type === undefined) throw dataNotReadable(file, 'it is not an IDX file');
  if (bytes.length < headerSize(rank)) throw dataNotReadable(file, 'it ends within its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  const has = bytes.length - headerSize(rank);
  if (has !== count * type.bytes) {
    throw dataNotReadable(file, `its header tells of ${count * type.bytes} bytes, and ${has} follow`);
  }
  return { values: type.read(view, headerSize(rank), count), shape, isInteger: type.isInteger };
}
