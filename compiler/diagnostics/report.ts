import { LccError } from './diagnostic.ts';

/* LCC63xx: lcc report, and what lcc bench shares with it. */

const titles = { wasm: 'wasm', webgpu: 'WebGPU' } as const;

export const bundleWithoutBackend = (folder: string, backend: 'wasm' | 'webgpu', backends: readonly string[]) =>
  new LccError({
    code: 'LCC6301',
    what: `The bundle is to be timed on ${titles[backend]}, which it was not built for.`,
    where: { file: folder },
    values: { backends: backends.join(', ') },
    remedy: `Time it with --backend ${backends[0]}, or build it for a target with both, such as mobile-webgpu, without --backends.`,
  });

export const measuredNotReadable = (file: string, reason: string) =>
  new LccError({
    code: 'LCC6302',
    what: `What was measured of the bundle cannot be read: ${reason}.`,
    where: { file },
    remedy: 'Remove the file, or build the bundle again.',
  });

export const reportNotWritten = (file: string, reason: string) =>
  new LccError({
    code: 'LCC6303',
    what: `The report cannot be written: ${reason}.`,
    where: { file },
    remedy: 'Name a file in a folder that can be written with -o.',
  });

export const noGpuToTime = () =>
  new LccError({
    code: 'LCC6304',
    what: 'Kernels are to be timed on WebGPU, and the browser has no adapter.',
    remedy: 'Run lcc report where the browser sees a GPU; lcc doctor tells what it sees.',
  });

export const softwareGpuRefused = (adapter: string) =>
  new LccError({
    code: 'LCC6305',
    what: 'The WebGPU adapter is software, whose times mean nothing.',
    values: { adapter },
    remedy: 'Run lcc report where the browser sees a GPU, or ask for such times by name: --gpu software.',
  });

export const gpuWithoutTimestamps = (adapter: string) =>
  new LccError({
    code: 'LCC6306',
    what: 'The WebGPU adapter cannot time kernels: it lacks timestamp-query.',
    values: { adapter },
    remedy: 'Run lcc report in a browser or on a GPU that has it; lcc bench --backend webgpu times whole runs.',
  });
