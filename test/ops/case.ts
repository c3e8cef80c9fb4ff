import type { Attributes, OpName } from '../../compiler/ops/index.ts';
import { type DType, dtypes, isWide } from '../../compiler/tensor/dtype.ts';
import { elementCount, shapeOf, sizesOf } from '../../compiler/tensor/shape.ts';
import { makeTensor, type Tensor } from '../../compiler/tensor/tensor.ts';

/** One op on given inputs with its independently computed result. `special`: NaN, infinities or subnormals are involved. */
export interface OpCase {
  readonly op: OpName;
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly expected: Tensor;
  readonly special: boolean;
}

export type Sizes = readonly number[];

export function tensor(dtype: DType, sizes: Sizes, values: ArrayLike<number>): Tensor {
  const shape = shapeOf(sizes);
  if (isWide(dtype)) {
    const big = Array.from(values, (v) => BigInt(v));
    return makeTensor(dtype, shape, dtype === 'int64' ? BigInt64Array.from(big) : BigUint64Array.from(big));
  }
  const data = new dtypes[dtype].array(elementCount(shape)) as Float32Array;
  Array.from(values).forEach((v, i) => {
    data[i] = v;
  });
  if (values.length !== data.length) throw new RangeError(`${values.length} values for [${sizes.join(',')}]`);
  return makeTensor(dtype, shape, data);
}

export const f32 = (sizes: Sizes, values: ArrayLike<number>): Tensor => tensor('float32', sizes, values);
export const i32 = (sizes: Sizes, values: ArrayLike<number>): Tensor => tensor('int32', sizes, values);
export const i64 = (sizes: Sizes, values: ArrayLike<number>): Tensor => tensor('int64', sizes, values);
export const bool = (sizes: Sizes, values: ArrayLike<number>): Tensor => tensor('bool', sizes, values);

/** Reproducible values, float32 exact: spread over [low, high) without pattern. */
export function noise(sizes: Sizes, low = -2, high = 2, seed = 1): Tensor {
  let state = (seed * 2654435761) >>> 0;
  return build('float32', sizes, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * (state >>> 8)) / 2 ** 24;
  });
}

/** Reproducible whole numbers in [low, high]. */
export function whole(dtype: DType, sizes: Sizes, low: number, high: number, seed = 1): Tensor {
  const source = noise(sizes, low, high + 1, seed);
  return build(dtype, sizes, (index) => Math.floor(at(source, index)));
}

/** Calls `visit` with every index of a shape, row-major. */
export function* indices(sizes: Sizes): Generator<number[]> {
  const count = sizes.reduce((p, n) => p * n, 1);
  for (let flat = 0; flat < count; flat++) {
    const index: number[] = [];
    let rest = flat;
    for (const size of sizes.toReversed()) {
      index.unshift(rest % size);
      rest = Math.floor(rest / size);
    }
    yield index;
  }
}

export function build(dtype: DType, sizes: Sizes, element: (index: number[]) => number): Tensor {
  return tensor(dtype, sizes, Array.from(indices(sizes), element));
}

export const sizes = (x: Tensor): number[] => sizesOf(x.shape);

/** Element at an index of its own rank; undefined outside. */
export function peek(x: Tensor, index: readonly number[]): number | undefined {
  let flat = 0;
  for (const [d, size] of sizes(x).entries()) {
    const i = index[d]!;
    if (i < 0 || i >= size) return undefined;
    flat = flat * size + i;
  }
  return Number(x.data[flat]);
}

export function at(x: Tensor, index: readonly number[]): number {
  const found = peek(x, index);
  if (found === undefined) throw new RangeError(`[${index.join(',')}] of [${sizes(x).join(',')}]`);
  return found;
}

/** Element of `x` broadcast to the rank of `index`. */
export const spread = (x: Tensor, index: readonly number[]): number =>
  at(
    x,
    sizes(x).map((size, d) => (size === 1 ? 0 : index[d + index.length - x.shape.length]!)),
  );

export function broadcast(...all: readonly Sizes[]): number[] {
  const rank = Math.max(...all.map((s) => s.length));
  return Array.from({ length: rank }, (_, d) => {
    const found = all.map((s) => s[d - rank + s.length] ?? 1).find((size) => size !== 1);
    return found ?? 1;
  });
}

export const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** Cases of one op from rows of name, inputs, attributes and result. */
export const casesOf =
  (op: OpName, reference: (inputs: readonly Tensor[], attributes: Attributes) => Tensor) =>
  (name: string, inputs: readonly Tensor[], attributes: Attributes = {}, special = false): OpCase => ({
    op,
    name,
    inputs,
    attributes,
    expected: reference(inputs, attributes),
    special,
  });
