import type { ConstantPool } from '../ir/program.ts';
import type { ConstantReport } from '../ir/report.ts';

/** What model.lcw holds, in its order. */
export const reportConstants = (pool: ConstantPool): ConstantReport[] =>
  pool.entries.map(({ name, dtype, bytes, stored }) =>
    stored
      ? { name, form: stored.name, bytes: stored.bytes.length, decodedBytes: bytes.length }
      : { name, form: dtype, bytes: bytes.length },
  );
