import type { Graph } from '../../ir/graph.ts';
import { encodeData } from '../../tensor/convert.ts';
import { isFloat, type TypedArray } from '../../tensor/dtype.ts';
import { elementCount } from '../../tensor/shape.ts';
import { makeTensor, type Tensor, type TensorType } from '../../tensor/tensor.ts';

/** One tensor per graph input by name, the same at every call with a seed: floats within [-1, 1), bytes over their range, other integers 0 or 1. */
export function makeFeeds(graph: Graph, seed = 0x6c6363): Map<string, Tensor> {
  const next = randomNumbers(seed);
  return new Map(
    graph.inputs.flatMap((id) => {
      const value = graph.values.get(id);
      return value
        ? [[value.name, makeTensor(value.type.dtype, value.type.shape, fill(value.type, next))] as const]
        : [];
    }),
  );
}

function fill({ dtype, shape }: TensorType, next: () => number): TypedArray {
  const count = elementCount(shape);
  const numbers = Float64Array.from({ length: count }, () => next());
  if (isFloat(dtype))
    return encodeData(
      dtype,
      numbers.map((v) => 2 * v - 1),
    );
  const range = dtype === 'uint8' ? 256 : 2;
  return encodeData(
    dtype,
    numbers.map((v) => Math.floor(v * range)),
  );
}

/** Uniform in [0, 1): xorshift32 (Marsaglia 2003). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
