import {
  bfloat16,
  bool,
  type Codec,
  float16,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  int64AsInt32,
  uint8,
  uint16,
  uint32,
  uint64,
  uint64AsUint32,
} from '../../runtime/codec.ts';
import { hostDType } from '../../targets/host-dtype.ts';
import type { Target } from '../../targets/target.ts';
import type { Port } from '../ir/program.ts';
import type { DType } from '../tensor/dtype.ts';

/** The runtime's conversions under the names that it exports them by. */
export const codecs = {
  float32,
  float64,
  float16,
  bfloat16,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  bool,
  int64AsInt32,
  uint64AsUint32,
} as const satisfies Readonly<Record<DType, Codec>> & Readonly<Record<string, Codec>>;

/** Name of the conversion for a port. */
export function codecOf({ dtype }: Port, target: Target): keyof typeof codecs {
  if (hostDType(dtype, target) === dtype) return dtype;
  return dtype === 'uint64' ? 'uint64AsUint32' : 'int64AsInt32';
}
