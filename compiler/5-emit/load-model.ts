import {
  asExports,
  hasRelaxedSimd,
  hasSimd,
  type LoadOptions,
  type Model,
  makeLoad,
  type OpenBackend,
  runExports,
  wasmBackend,
  webGpuBackend,
} from '../../runtime/abi.ts';
import type { Port } from '../ir/program.ts';
import { codecOf, codecs } from './codecs.ts';
import { mapDecoders } from './decoders.ts';
import { addressOf, describeWebGpu, type ModelCode, type WasmFile } from './model-code.ts';

/** What the entry module does, in this process and from memory. */
export function loadModel(code: ModelCode, options: LoadOptions = {}): Promise<Model> {
  const { program, target, weights } = code;
  const describe = (port: Port) => ({ name: port.name, codec: codecs[codecOf(port, target)], shape: port.shape });
  const load = makeLoad({
    inputs: program.inputs.map(describe),
    outputs: program.outputs.map(describe),
    weights: {
      source: () => weights.bytes,
      bytes: weights.bytes.length,
      hash: weights.hash,
      decoders: mapDecoders(program.constants),
    },
    prefersWebGpu: code.prefersWebGpu,
    ...(code.webgpu && { webgpu: webGpuBackend(describeWebGpu(code.webgpu)) }),
    ...(code.wasm.length > 0 && { wasm: openWasm(code) }),
  });
  return load(options);
}

const isSupported = ({ features }: WasmFile): boolean =>
  features === 'relaxed' ? hasRelaxedSimd() : features === 'scalar' || hasSimd();

/**
 * The best module, compiled and instantiated at once: V8 would do it in the background, behind half a second of its own
 * work on binaryen.
 */
const openWasm =
  ({ program, wasm }: ModelCode): OpenBackend =>
  async (context) => {
    const description = {
      modules: [],
      constantBytes: program.constants.size,
      inputs: program.inputs.map((port) => addressOf(program, port.location)),
      outputs: program.outputs.map((port) => [addressOf(program, port.location), port.location.bytes] as const),
    };
    const best = wasm.findLast(isSupported) ?? wasm[0];
    if (context.options.wasm || !best) return wasmBackend(description)(context);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(best.bytes));
    return runExports(asExports(instance), description, context.constants);
  };
