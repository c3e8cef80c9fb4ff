import { LccError } from './diagnostic.ts';

/* LCC63xx: lcc report. */

export const bundleWithoutWasm = (folder: string, backends: readonly string[]) =>
  new LccError({
    code: 'LCC6301',
    what: 'Kernels are timed on wasm, which this bundle was not built for.',
    where: { file: folder },
    values: { backends: backends.join(', ') },
    remedy: 'Build it with --backends webgpu,wasm; its report.html holds all that is known without times.',
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
