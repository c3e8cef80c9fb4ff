import { laneCount, simdOf } from './simd-functions.ts';
import { memoryOf, offsetOf, type TensorInfo, type WasmBackend } from './wasm-kernel.ts';

/** Adds `count` elements of one tensor from `from` on to those of another from `to` on. */
export type AddRun = (from: number, to: number, count: number) => void;

/** For float32 tensors; valid until the next allocation. */
export function makeAddRun(backend: WasmBackend, x: TensorInfo, sums: TensorInfo): AddRun {
  const { addRow } = simdOf(backend);
  const memory = memoryOf(backend);
  const [atX, atSums] = [offsetOf(backend, x), offsetOf(backend, sums)];
  return (from, to, count) => {
    const lanes = Math.floor(count / laneCount);
    if (lanes > 0) addRow(atX + 4 * from, 0, atSums + 4 * to, lanes);
    for (let i = lanes * laneCount; i < count; i++) {
      const at = atSums / 4 + to + i;
      memory[at] = (memory[at] as number) + (memory[atX / 4 + from + i] as number);
    }
  };
}

/** Adds `count` products of elements of a and of b, from these places on, to those of a third tensor. */
type AddProducts = (fromA: number, fromB: number, to: number) => void;

/** As makeAddRun. */
export function makeAddProducts(
  backend: WasmBackend,
  a: TensorInfo,
  b: TensorInfo,
  sums: TensorInfo,
  count: number,
): AddProducts {
  const { addProduct } = simdOf(backend);
  const memory = memoryOf(backend);
  const [atA = 0, atB = 0, atSums = 0] = [a, b, sums].map((x) => offsetOf(backend, x));
  const lanes = Math.floor(count / laneCount);
  return (fromA, fromB, to) => {
    if (lanes > 0) addProduct(atA + 4 * fromA, atB + 4 * fromB, atSums + 4 * to, lanes);
    for (let i = lanes * laneCount; i < count; i++) {
      const at = atSums / 4 + to + i;
      const [left, right] = [memory[atA / 4 + fromA + i] as number, memory[atB / 4 + fromB + i] as number];
      memory[at] = (memory[at] as number) + left * right;
    }
  };
}
