import type { Backend } from '../../targets/target.ts';
import type { WasmCode } from '../../targets/wasm/emit.ts';
import type { WebGpuCode } from '../../targets/webgpu/emit.ts';
import type { KernelReport } from '../ir/bundle.ts';
import type { Program, Step } from '../ir/program.ts';
import type { Axis } from '../kernel/index-expr.ts';
import type { Kernel } from '../kernel/nest.ts';

/** What `lcc inspect` shows of a program's kernels as wasm runs them, in the order of the program. */
export const reportWasmKernels = (program: Program, { kernels }: WasmCode): KernelReport[] =>
  reportKernels(program, 'wasm', (i) => {
    const facts = kernels[i];
    return [facts?.isVector ? 'vector' : 'scalar', facts?.tile].filter((part) => part !== undefined).join(' ');
  });

/** The same as WebGPU runs them. */
export const reportWebGpuKernels = (program: Program, { kernels }: WebGpuCode): KernelReport[] =>
  reportKernels(program, 'webgpu', (i) => kernels[i]?.tile ?? '');

function reportKernels(program: Program, backend: Backend, formOf: (kernel: number) => string): KernelReport[] {
  const calls = countCalls(program);
  return program.kernels.map((kernel, i) => {
    const count = calls[i] ?? 0;
    const macShare = program.macs === 0 ? 0 : (count * macsOf(kernel)) / program.macs;
    return { backend, name: kernel.name, work: describeWork(kernel), form: formOf(i), calls: count, macShare };
  });
}

/** How often one run calls each kernel. */
function countCalls(program: Program): number[] {
  const calls = program.kernels.map(() => 0);
  const visit = (steps: readonly Step[], times: number): void => {
    for (const step of steps) {
      if (step.kind === 'call') calls[step.kernel] = (calls[step.kernel] ?? 0) + times;
      else visit(step.steps, times * step.count);
    }
  };
  visit(program.steps, 1);
  return calls;
}

const extentOf = (axes: readonly Axis[]): number => axes.reduce((product, axis) => product * axis.extent.size, 1);

const macsOf = (kernel: Kernel): number =>
  kernel.kind === 'nest' ? 0 : extentOf([...kernel.batch, ...kernel.m, kernel.n, ...kernel.k]);

function describeWork(kernel: Kernel): string {
  if (kernel.kind === 'nest') return 'nest';
  const batch = extentOf(kernel.batch);
  const sizes = `${extentOf(kernel.m)}x${kernel.n.extent.size}x${extentOf(kernel.k)}`;
  return `${kernel.form} ${batch === 1 ? '' : `${batch} of `}${sizes}`;
}
