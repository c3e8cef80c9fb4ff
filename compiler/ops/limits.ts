import { type DType, dtypes } from '../tensor/dtype.ts';

/** Smallest and largest value of a type; floats count as unbounded. 64-bit limits are rounded to doubles. */
export function limitsOf(dtype: DType): { readonly low: number; readonly high: number } {
  const { bytes, kind } = dtypes[dtype];
  if (kind === 'float') return { low: -Infinity, high: Infinity };
  if (kind === 'signed') return { low: -(2 ** (8 * bytes - 1)), high: 2 ** (8 * bytes - 1) - 1 };
  return { low: 0, high: kind === 'bool' ? 1 : 2 ** (8 * bytes) - 1 };
}
