import type { DType } from '../tensor/dtype.ts';
import type { ReduceOp } from './expr.ts';
import type { BinaryOp } from './scalar.ts';

/** The primitive that each fold repeats. */
export const foldOps = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const satisfies Record<
  ReduceOp,
  BinaryOp
>;

/** What a fold of nothing gives in the types of kernels: 0, 1, lowest, highest. */
export function identityOf(op: ReduceOp, dtype: DType): number {
  if (op === 'sum') return 0;
  if (op === 'prod') return 1;
  const isMax = op === 'max';
  if (dtype === 'float32') return isMax ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (dtype === 'bool') return isMax ? 0 : 1;
  if (dtype === 'uint32') return isMax ? 0 : 2 ** 32 - 1;
  return isMax ? -(2 ** 31) : 2 ** 31 - 1;
}
