import binaryen from 'binaryen';
import type { ModelCode } from '../../compiler/5-emit/model-code.ts';
import { emitWeights } from '../../compiler/5-emit/weights.ts';
import type { Port, Program } from '../../compiler/ir/program.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import { targets } from '../../targets/index.ts';
import type { Target } from '../../targets/target.ts';
import { addHash } from '../../targets/wasm/hash.ts';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** y = x + w elementwise over four floats, and z = k + 1 over two 32-bit integers of type `integer`, in wasm's first version. */
export function tinyModel(target: Target = targets['mobile-wasm'], integer: DType = 'int64'): ModelCode {
  const port = (name: string, dtype: DType, size: number, offset: number): Port => ({
    name,
    dtype,
    shape: [1, size],
    location: { space: 'arena', offset, bytes: 4 * size },
  });
  const constants: Program['constants'] = {
    entries: [{ name: 'w', dtype: 'float32', encoding: 'row-major', offset: 0, bytes: floats(10, 20, 30, 40) }],
    size: 16,
  };
  const program: Program = {
    name: 'tiny',
    kernels: [],
    steps: [],
    constants,
    inputs: [port('input.1', 'float32', 4, 0), port('k', integer, 2, 64)],
    outputs: [port('33', 'float32', 4, 128), port('k plus 1', integer, 2, 192)],
    arenaBytes: 200,
    buffers: [],
    macs: 0,
  };
  const module = binaryen.parseText(`(module
    (memory (export "memory") 1 1)
    (func (export "run") (local $i i32)
      (loop $next
        (f32.store offset=192 (local.get $i)
          (f32.add (f32.load (local.get $i)) (f32.load offset=64 (local.get $i))))
        (i32.store offset=256 (local.get $i) (i32.add (i32.load offset=128 (local.get $i)) (i32.const 1)))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 16))))))`);
  addHash(module);
  const bytes = Uint8Array.from(module.emitBinary());
  module.dispose();
  const wasm = target.wasm.modules.map((features) => ({ features, bytes }));
  return { program, target, weights: emitWeights('tiny', constants), wasm, webgpu: undefined, prefersWebGpu: false };
}
