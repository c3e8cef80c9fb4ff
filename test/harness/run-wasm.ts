import type { Program } from '../../compiler/ir/program.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import type { WasmFeatures } from '../../targets/target.ts';
import { arenaAddress, emitWasm } from '../../targets/wasm/emit.ts';
import { arenaElements, portTensor } from './op-program.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly run: () => void;
}

/** Emits, instantiates and runs a program once. The arena starts as NaN, so that a read of unwritten memory shows. */
export function runWasm(
  program: Program,
  features: WasmFeatures,
  feeds: Readonly<Record<string, Tensor>>,
): Map<string, Tensor> {
  const { bytes } = emitWasm(program, features);
  const exports = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as WebAssembly.Exports & Exports;
  const { buffer } = exports.memory;
  const base = arenaAddress(program);
  new Float32Array(buffer, base, program.arenaBytes / 4).fill(Number.NaN);
  for (const entry of program.constants.entries) new Uint8Array(buffer).set(entry.bytes, entry.offset);
  for (const port of program.inputs) {
    const elements = arenaElements(feeds[port.name]!);
    new Uint8Array(buffer).set(new Uint8Array(elements.buffer), base + port.location.offset);
  }
  exports.run();
  return new Map(program.outputs.map((port) => [port.name, portTensor(port, buffer, base)]));
}
