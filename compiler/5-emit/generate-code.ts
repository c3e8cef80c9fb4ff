import { estimateFromWork } from '../../targets/profiles/index.ts';
import type { Target } from '../../targets/target.ts';
import { emitWasm } from '../../targets/wasm/emit.ts';
import { emitWebGpu } from '../../targets/webgpu/emit.ts';
import { countWork, type Work } from '../ir/count-work.ts';
import type { Program } from '../ir/program.ts';
import type { ConstantReport, KernelReport } from '../ir/report.ts';
import type { ModelCode } from './model-code.ts';
import { reportConstants } from './report-constants.ts';
import { reportWasmKernels, reportWebGpuKernels } from './report-kernels.ts';
import { emitWeights } from './weights.ts';

export interface GeneratedCode {
  readonly code: ModelCode;
  readonly kernels: readonly KernelReport[];
  readonly constants: readonly ConstantReport[];
  readonly work: Work;
}

/** Code for a target's backends; of the wasm modules the first alone, which every host of the target runs. */
export function generateCode(program: Program, target: Target): GeneratedCode {
  const weights = emitWeights(program.name, program.constants);
  const [features] = target.wasm.modules;
  const wasm = target.backends.includes('wasm') && features ? emitWasm(program, features) : undefined;
  const webgpu = target.backends.includes('webgpu') ? emitWebGpu(program) : undefined;
  const counted = countWork(program);
  const work = webgpu ? { ...counted, dispatches: webgpu.dispatches } : counted;
  return {
    work,
    code: {
      program,
      target,
      weights,
      wasm: wasm && features ? [{ features, bytes: wasm.bytes }] : [],
      webgpu,
      prefersWebGpu: webgpu !== undefined && isWorthWebGpu(work, target),
    },
    kernels: [
      ...(wasm ? reportWasmKernels(program, wasm) : []),
      ...(webgpu ? reportWebGpuKernels(program, webgpu) : []),
    ],
    constants: reportConstants(program.constants),
  };
}

/** The same with every module of the target. */
export function generateAllModules(code: ModelCode): ModelCode {
  const better = code.target.wasm.modules.slice(1);
  if (code.wasm.length === 0 || better.length === 0) return code;
  const modules = better.map((features) => ({ features, bytes: emitWasm(code.program, features).bytes }));
  return { ...code, wasm: [...code.wasm, ...modules] };
}

/** Whether one run is estimated to take longer on wasm than on WebGPU, on the device that the target is for. */
function isWorthWebGpu(work: Work, { profile, wasm }: Target): boolean {
  const onGpu = estimateFromWork(work, profile, 'webgpu');
  const onWasm = estimateFromWork(work, profile, 'wasm', wasm.modules.at(-1));
  return onGpu !== undefined && onWasm !== undefined && onGpu < onWasm;
}
