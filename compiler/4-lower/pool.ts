import { createHash } from 'node:crypto';
import type { ConstantPool, PoolEntry, StoredEntry } from '../ir/program.ts';
import { decodeData } from '../tensor/convert.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { storeCopies } from './copied-panels.ts';
import { poolDType } from './narrow.ts';
import { type PanelGrid, rowMajorGrid, storeEntry, storeExactHalves } from './store-entry.ts';
import { type ExactForm, worthwhile } from './worthwhile-forms.ts';

export const alignment = 64;
export const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

type PoolArray = Float32Array | Int32Array | Uint32Array;

const typeOfArray = (data: PoolArray | Int8Array): PoolEntry['dtype'] => {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int8Array) return 'int8';
  return data instanceof Int32Array ? 'int32' : 'uint32';
};

/** Constants in the order in which kernels first ask for them; equal bytes are stored once, in the smallest form given. */
export class PoolBuilder {
  private readonly known = new Map<string, PoolEntry>();
  /** of float32 entries, as panels */
  private readonly grids = new Map<string, PanelGrid>();
  private size = 0;

  add(
    name: string,
    encoding: PoolEntry['encoding'],
    data: PoolArray | Int8Array,
    stored?: StoredEntry,
    grid?: PanelGrid,
  ): PoolEntry {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dtype = typeOfArray(data);
    const key = `${dtype} ${encoding} ${createHash('sha256').update(bytes).digest('hex')}`;
    if (grid && data instanceof Float32Array) this.grids.set(key, grid);
    const found = this.known.get(key);
    if (found && (found.stored ?? found).bytes.length <= (stored?.bytes.length ?? Number.POSITIVE_INFINITY))
      return found;
    const place = found ?? { name, dtype, encoding, offset: this.size, bytes };
    const entry: PoolEntry = stored ? { ...place, stored } : place;
    if (!found) this.size = align(this.size + bytes.byteLength);
    this.known.set(key, entry);
    return entry;
  }

  addTensor(name: string, tensor: Tensor): PoolEntry {
    const data = poolArray(tensor);
    const grid = rowMajorGrid(tensor);
    const stored = data instanceof Float32Array ? storeEntry(tensor, data, grid) : undefined;
    return this.add(name, 'row-major', data, stored, grid);
  }

  /** Entries without a form are stored as float16 where they are that, and smaller so. */
  finish(): ConstantPool {
    const entries = [...this.known.values()];
    const exact = [...this.known].flatMap(([key, entry]): ExactForm[] => {
      const grid = entry.stored ? undefined : this.grids.get(key);
      const { buffer, byteOffset, byteLength } = entry.bytes;
      const stored = grid && storeExactHalves(new Float32Array(buffer, byteOffset, byteLength / 4), grid);
      return stored ? [{ entry, stored }] : [];
    });
    const isDecoded = entries.some(({ stored }) => stored?.kind === 'float16');
    const forms = worthwhile(exact, isDecoded);
    const gridOf = new Map([...this.known].map(([key, entry]) => [entry, this.grids.get(key)]));
    const copies = storeCopies(entries, (entry) => gridOf.get(entry));
    const withForm = (entry: PoolEntry): PoolEntry => {
      const stored = copies.get(entry) ?? forms.get(entry);
      return stored ? { ...entry, stored } : entry;
    };
    // copies behind what they are copies of
    const ordered = [...entries.filter((entry) => !copies.has(entry)), ...copies.keys()];
    return { entries: ordered.map(withForm), size: this.size };
  }
}

/** Row-major elements as kernels read them: float32, int32 or uint32. 64-bit integers saturate. */
export function poolArray(tensor: Tensor): PoolArray {
  if (tensor.dtype === 'float32' && tensor.data instanceof Float32Array) return tensor.data;
  const values = Array.from(decodeData(tensor), Number);
  switch (poolDType(tensor.dtype)) {
    case 'float32':
      return Float32Array.from(values);
    case 'uint32':
      return Uint32Array.from(values, (v) => Math.min(v, 4294967295));
    case 'int32':
      return Int32Array.from(values, (v) => Math.min(Math.max(v, -2147483648), 2147483647));
  }
}
