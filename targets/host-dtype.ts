import type { DType } from '../compiler/tensor/dtype.ts';
import type { Target } from './target.ts';

/** The element type in which a bundle takes and gives what the model has as `dtype`: hosts of ES2017 may lack BigInt. */
export function hostDType(dtype: DType, { syntax }: Pick<Target, 'syntax'>): DType {
  if (syntax !== 'es2017') return dtype;
  if (dtype === 'int64') return 'int32';
  return dtype === 'uint64' ? 'uint32' : dtype;
}
