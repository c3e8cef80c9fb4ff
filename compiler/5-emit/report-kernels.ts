import type { Backend } from '../../targets/target.ts';
import type { WasmCode } from '../../targets/wasm/emit.ts';
import type { WebGpuCode } from '../../targets/webgpu/emit.ts';
import { storageBytesPerMac } from '../../targets/webgpu/kernels/index.ts';
import type { Program, Step } from '../ir/program.ts';
import type { KernelReport } from '../ir/report.ts';
import type { Axis } from '../kernel/index-expr.ts';
import type { Kernel } from '../kernel/nest.ts';

/** What `lcc inspect` shows of a program's kernels as wasm runs them, in the order of the program. */
export const reportWasmKernels = (program: Program, { kernels }: WasmCode): KernelReport[] =>
  reportKernels(program, 'wasm', (i) => {
    const { isVector = false, tile, bytes = 0 } = kernels[i] ?? {};
    return { form: [isVector ? 'vector' : 'scalar', tile].filter((part) => part !== undefined).join(' '), bytes };
  });

/** The same as WebGPU runs them. Tiles load operands again: a contraction's bytes count every load from storage. */
export const reportWebGpuKernels = (program: Program, { kernels }: WebGpuCode): KernelReport[] =>
  reportKernels(
    program,
    'webgpu',
    (i) => ({ form: kernels[i]?.tile ?? '', bytes: kernels[i]?.bytes ?? 0 }),
    (kernel) => (kernel.kind === 'contraction' ? storageBytesPerMac(kernel) * macsOf(kernel) : undefined),
  );

/** `operandBytes` gives what one call of a contraction loads of A and B, where that is more than their sizes. */
function reportKernels(
  program: Program,
  backend: Backend,
  codeOf: (kernel: number) => { readonly form: string; readonly bytes: number },
  operandBytes: (kernel: Kernel) => number | undefined = () => undefined,
): KernelReport[] {
  const uses = countUses(program);
  return program.kernels.map((kernel, i) => {
    const { calls = 0, all = 0, operands = 0 } = uses[i] ?? {};
    const macShare = program.macs === 0 ? 0 : (calls * macsOf(kernel)) / program.macs;
    const loaded = operandBytes(kernel);
    const bytes = Math.round(loaded === undefined ? all : all - operands + calls * loaded);
    const { form, bytes: codeBytes } = codeOf(i);
    return { backend, name: kernel.name, work: describeWork(kernel), form, calls, macShare, codeBytes, bytes };
  });
}

interface Uses {
  calls: number;
  /** bytes of the buffers of all calls */
  all: number;
  /** of slots 1 and 2 alone: a contraction's A and B */
  operands: number;
}

/** How often one run calls each kernel, and on how many bytes. */
function countUses(program: Program): Uses[] {
  const uses = program.kernels.map((): Uses => ({ calls: 0, all: 0, operands: 0 }));
  const visit = (steps: readonly Step[], times: number): void => {
    for (const step of steps) {
      if (step.kind === 'repeat') {
        visit(step.steps, times * step.count);
        continue;
      }
      const use = uses[step.kernel];
      if (use === undefined) continue;
      use.calls += times;
      step.arguments.forEach(({ bytes }, slot) => {
        use.all += times * bytes;
        if (slot === 1 || slot === 2) use.operands += times * bytes;
      });
    }
  };
  visit(program.steps, 1);
  return uses;
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
