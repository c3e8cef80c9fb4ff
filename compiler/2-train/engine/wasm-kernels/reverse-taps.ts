import { floatsOf, type TensorInfo, type WasmBackend } from './wasm-kernel.ts';

/** A copy of a filter of `taps` runs of `size` elements, the last first. */
export function reverseTaps(backend: WasmBackend, filter: TensorInfo, taps: number, size: number): TensorInfo {
  const reversed = backend.makeOutput(filter.shape, 'float32');
  const [from, to] = [floatsOf(backend, filter), floatsOf(backend, reversed)];
  for (let tap = 0; tap < taps; tap++) to.set(from.subarray(tap * size, (tap + 1) * size), (taps - 1 - tap) * size);
  return reversed;
}
