import type { StoredReport } from '../ir/bundle.ts';
import type { ConstantPool } from '../ir/program.ts';

/** The constants that are decoded at load, in the order of the file. */
export const reportStored = (pool: ConstantPool): StoredReport[] =>
  pool.entries.flatMap(({ name, bytes, stored }) =>
    stored ? [{ name, form: stored.name, bytes: stored.bytes.length, decodedBytes: bytes.length }] : [],
  );
