import type { Browser } from 'playwright-core';
import { bundleEntry } from '../../../compiler/5-emit/bundle-entry.ts';
import { runtimeSpecifier } from '../../../compiler/5-emit/print-entry.ts';
import { runInPage } from '../../../compiler/6-budget/browser/index.ts';
import type { Port, Program } from '../../../compiler/ir/program.ts';
import { isFloat } from '../../../compiler/tensor/dtype.ts';
import { emitWebGpu } from '../../../targets/webgpu/emit.ts';
import type { ArenaFeeds } from '../../harness/evaluate-program.ts';

export interface GpuTask {
  readonly program: Program;
  readonly feeds: ArenaFeeds;
}

export type GpuElements = Float32Array | Int32Array | Uint32Array;

/** Outputs by name, or what the device or the shader compiler said. */
export type GpuResult = { readonly outputs: ReadonlyMap<string, GpuElements> } | { readonly error: string };

const page = `import { webGpuBackend } from '/runtime.js';
export default async (tasks) => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const results = [];
  for (const { description, constants, feeds } of tasks) {
    device.pushErrorScope('validation');
    let result;
    try {
      const model = await webGpuBackend(description)({
        options: { device },
        forced: true,
        constants: Promise.resolve((image) => image.set(constants)),
        onLost: () => {},
      });
      const outputs = [];
      await model.run(feeds, (_, memory, offset, bytes) => outputs.push(new Uint8Array(memory.slice(offset, offset + bytes))));
      result = { outputs };
      model.dispose();
    } catch (error) {
      result = { error: String(error) };
    }
    const problem = await device.popErrorScope();
    results.push(problem ? { error: problem.message } : result);
  }
  return results;
};`;

/** Runs programs one after another on one device of one page, through the runtime that bundles ship. */
export async function runOnGpu(browser: Browser, tasks: readonly GpuTask[], timeout = 100_000): Promise<GpuResult[]> {
  const runtime = await bundleEntry(`export { webGpuBackend } from '${runtimeSpecifier}';`, 'es2022', {
    kind: 'module',
  });
  const argument = tasks.map(({ program, feeds }) => {
    const constants = new Uint8Array(program.constants.size);
    for (const { bytes, offset } of program.constants.entries) constants.set(bytes, offset);
    return { description: emitWebGpu(program), constants, feeds: program.inputs.map((port) => feeds[port.name]!) };
  });
  const answer = await runInPage(browser, { module: page, files: { '/runtime.js': runtime }, argument, timeout });
  return (answer as ({ outputs: Uint8Array[] } | { error: string })[]).map((result, i) => {
    if ('error' in result) return result;
    const ports = tasks[i]!.program.outputs;
    return { outputs: new Map(ports.map((port, o) => [port.name, elements(port, result.outputs[o]!)])) };
  });
}

function elements({ dtype }: Port, bytes: Uint8Array): GpuElements {
  const buffer = bytes.slice().buffer;
  if (isFloat(dtype)) return new Float32Array(buffer);
  return dtype.startsWith('uint') ? new Uint32Array(buffer) : new Int32Array(buffer);
}
