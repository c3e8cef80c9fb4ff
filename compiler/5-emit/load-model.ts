import {
  hasRelaxedSimd,
  hasSimd,
  type LoadOptions,
  type Model,
  makeLoad,
  wasmBackend,
  webGpuBackend,
} from '../../runtime/abi.ts';
import type { Port } from '../ir/program.ts';
import { codecOf, codecs } from './codecs.ts';
import { addressOf, describeWebGpu, type ModelCode } from './model-code.ts';

/** What the entry module does, in this process and from memory. */
export function loadModel(code: ModelCode, options: LoadOptions = {}): Promise<Model> {
  const { program, target, weights } = code;
  const describe = (port: Port) => ({ name: port.name, codec: codecs[codecOf(port, target)], shape: port.shape });
  const modules = code.wasm.map(({ features, bytes }, position) => ({
    ...(position > 0 && { isSupported: features === 'relaxed' ? hasRelaxedSimd : hasSimd }),
    source: () => bytes,
  }));
  const load = makeLoad({
    inputs: program.inputs.map(describe),
    outputs: program.outputs.map(describe),
    weights: { source: () => weights.bytes, bytes: weights.bytes.length, hash: weights.hash },
    prefersWebGpu: code.prefersWebGpu,
    ...(code.webgpu && { webgpu: webGpuBackend(describeWebGpu(code.webgpu)) }),
    ...(modules.length > 0 && {
      wasm: wasmBackend({
        modules: modules.reverse(),
        constantBytes: program.constants.size,
        inputs: program.inputs.map((port) => addressOf(program, port.location)),
        outputs: program.outputs.map((port) => [addressOf(program, port.location), port.location.bytes]),
      }),
    }),
  });
  return load(options);
}
