import { type DType, dtypes, type TypedArray } from './dtype.ts';
import { elementCount, printShape, type Shape } from './shape.ts';
import type { Stored } from './stored.ts';

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A dense row-major tensor. float16 and bfloat16 data are their 16 bits. */
export interface Tensor extends TensorType {
  readonly data: TypedArray;
  /** how a bundle holds it, where not as it is; a tensor computed from this one has no such form */
  readonly stored?: Stored;
}

export const tensorType = (dtype: DType, shape: Shape): TensorType => ({ dtype, shape });

/** `float32[1,3,224,224]`. */
export const printType = (type: TensorType): string => `${type.dtype}${printShape(type.shape)}`;

export const byteSize = (type: TensorType): number => elementCount(type.shape) * dtypes[type.dtype].bytes;

/** A tensor over `data`, whose class and length must fit the type (else a RangeError). */
export function makeTensor(dtype: DType, shape: Shape, data: TypedArray): Tensor {
  if (!(data instanceof dtypes[dtype].array) || data.length !== elementCount(shape)) {
    throw new RangeError(`${data.constructor.name} of ${data.length} elements for ${dtype}${printShape(shape)}`);
  }
  return { dtype, shape, data };
}
