import * as tf from '@tensorflow/tfjs';
import { decodeData } from '../../tensor/convert.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { sizesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type TensorFlowType, typeInTensorFlow } from './scalars.ts';

/** Elements as TensorFlow.js holds them: float32, int32, or bytes of bools. */
export function elementsFor(type: TensorFlowType, data: TypedArray): Float32Array | Int32Array | Uint8Array {
  switch (type) {
    case 'float32':
      return data instanceof Float32Array ? data : Float32Array.from(Array.from<number | bigint, number>(data, Number));
    case 'int32':
      return data instanceof Int32Array ? data : Int32Array.from(Array.from<number | bigint, number>(data, Number));
    case 'bool':
      return Uint8Array.from(Array.from<number | bigint, number>(data, Number));
    default:
      return type satisfies never;
  }
}

/** [sizes...] */
export function toTensorFlow(tensor: Tensor): tf.Tensor {
  const type = typeInTensorFlow(tensor.dtype);
  return tf.tensor(elementsFor(type, decodeData(tensor)), sizesOf(tensor.shape), type);
}
