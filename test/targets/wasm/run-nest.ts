import { setFlagsFromString } from 'node:v8';
import type { Program } from '../../../compiler/ir/program.ts';
import { compileNest, type EvaluationArray } from '../../../compiler/kernel/evaluate.ts';
import type { NestKernel } from '../../../compiler/kernel/nest.ts';
import type { WasmFeatures } from '../../../targets/target.ts';
import { emitWasm, type KernelFacts } from '../../../targets/wasm/emit.ts';

export type Buffer = Float32Array | Int32Array | Uint32Array;

setFlagsFromString('--experimental-wasm-relaxed-simd');

const canary = 0x7fc0dead | 0;
const gap = 64;

export interface NestRun {
  readonly buffers: Buffer[];
  readonly facts: KernelFacts;
  /** buffers were followed and preceded by canaries, which all survived */
  readonly isContained: boolean;
  readonly bytes: Uint8Array;
}

/** Runs a nest as a wasm module of its own over copies of `buffers`, the last of which ends where memory ends. */
export function runNest(kernel: NestKernel, buffers: readonly Buffer[], features: WasmFeatures): NestRun {
  const lengths = buffers.map((b) => b.byteLength);
  const total = lengths.reduce((sum, n) => sum + n + gap, 0);
  const arenaBytes = Math.max(65536, Math.ceil(total / 65536) * 65536);
  let end = arenaBytes;
  const offsets = lengths
    .toReversed()
    .map((bytes) => {
      const offset = end - bytes;
      end = offset - gap;
      return offset;
    })
    .reverse();
  const program: Program = {
    name: kernel.name,
    kernels: [kernel],
    steps: [
      {
        kind: 'call',
        kernel: 0,
        arguments: offsets.map((offset, i) => ({ space: 'arena', offset, bytes: lengths[i]! })),
      },
    ],
    constants: { entries: [], size: 0 },
    inputs: [],
    outputs: [],
    arenaBytes,
    buffers: [],
    macs: 0,
  };
  const { bytes, kernels } = emitWasm(program, features);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const memory = (exports.memory as WebAssembly.Memory).buffer;
  const words = new Int32Array(memory);
  words.fill(canary);
  const views = buffers.map((b, i) => {
    const view = new (b.constructor as Float32ArrayConstructor)(memory, offsets[i]!, b.length);
    view.set(b as Float32Array);
    return view as Buffer;
  });
  (exports.run as () => void)();
  const inside = new Uint8Array(words.length);
  offsets.forEach((offset, i) => void inside.fill(1, offset / 4, (offset + lengths[i]!) / 4));
  const isContained = words.every((word, i) => inside[i] === 1 || word === canary);
  return { buffers: views.map((v) => v.slice() as Buffer), facts: kernels[0]!, isContained, bytes };
}

/** Runs a nest by the evaluator, with float64 arithmetic, over copies of `buffers`. */
export function evaluateNest(kernel: NestKernel, buffers: readonly Buffer[]): EvaluationArray[] {
  const copies = buffers.map((b, i): EvaluationArray => {
    if (b instanceof Float32Array) return Float64Array.from(b);
    return kernel.slots[i]!.dtype === 'bool' ? Uint8Array.from(b) : b.slice();
  });
  compileNest(kernel)(copies);
  return copies;
}

/** Largest difference relative to the largest value around; NaN and infinities must be the same. */
export function worstError(got: Buffer, want: EvaluationArray): number {
  const wanted = Array.from({ length: want.length }, (_, i) => Number(want[i]));
  const scale = Math.max(1e-30, ...wanted.filter(Number.isFinite).map(Math.abs));
  let worst = 0;
  got.forEach((x, i) => {
    const exact = wanted[i]!;
    const y = got instanceof Float32Array ? Math.fround(exact) : exact;
    if (Object.is(x, y) || x === y) return;
    const error = Math.abs(x - y) / scale;
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  });
  return worst;
}
