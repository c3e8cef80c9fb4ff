import type { Target } from '../../targets/target.ts';
import { emitWasm } from '../../targets/wasm/emit.ts';
import { emitWebGpu } from '../../targets/webgpu/emit.ts';
import type { KernelReport, StoredReport } from '../ir/bundle.ts';
import type { Program } from '../ir/program.ts';
import type { ModelCode } from './model-code.ts';
import { reportWasmKernels, reportWebGpuKernels } from './report-kernels.ts';
import { reportStored } from './report-stored.ts';
import { emitWeights } from './weights.ts';

export interface GeneratedCode {
  readonly code: ModelCode;
  readonly kernels: readonly KernelReport[];
  /** constants decoded at load */
  readonly stored: readonly StoredReport[];
}

/** Code for a target's backends; of the wasm modules the first alone, which every host of the target runs. */
export function generateCode(program: Program, target: Target): GeneratedCode {
  const weights = emitWeights(program.name, program.constants);
  const [features] = target.wasm.modules;
  const wasm = target.backends.includes('wasm') && features ? emitWasm(program, features) : undefined;
  const webgpu = target.backends.includes('webgpu') ? emitWebGpu(program) : undefined;
  return {
    code: {
      program,
      target,
      weights,
      wasm: wasm && features ? [{ features, bytes: wasm.bytes }] : [],
      webgpu,
      prefersWebGpu: webgpu !== undefined && isWorthWebGpu(program, webgpu.dispatches),
    },
    kernels: [
      ...(wasm ? reportWasmKernels(program, wasm) : []),
      ...(webgpu ? reportWebGpuKernels(program, webgpu) : []),
    ],
    stored: reportStored(program.constants),
  };
}

/** The same with every module of the target. */
export function generateAllModules(code: ModelCode): ModelCode {
  const better = code.target.wasm.modules.slice(1);
  if (code.wasm.length === 0 || better.length === 0) return code;
  const modules = better.map((features) => ({ features, bytes: emitWasm(code.program, features).bytes }));
  return { ...code, wasm: [...code.wasm, ...modules] };
}

/** Seconds that a GPU run costs before any arithmetic: submit and read-back, then each dispatch. */
const gpuOverhead = { run: 2e-3, dispatch: 2e-5 };
/** float32 multiply-adds a second of wasm on a phone's core; an estimate */
export const wasmRate = 8e9;

/** Whether one run takes wasm longer than the GPU takes to be asked. */
const isWorthWebGpu = (program: Program, dispatches: number): boolean =>
  program.macs / wasmRate > gpuOverhead.run + gpuOverhead.dispatch * dispatches;
