import { LccError } from './diagnostic.ts';

/* LCC4xxx: lowering. LCC5xxx: emitting the bundle and its parity. */

export const outputFolderTaken = (folder: string) =>
  new LccError({
    code: 'LCC5001',
    what: 'The output folder holds something that is not an lcc bundle.',
    where: { file: folder },
    remedy: 'Name an empty folder or an earlier bundle with -o; lcc replaces nothing else.',
  });

export const outputNotWritten = (folder: string, reason: string) =>
  new LccError({
    code: 'LCC5003',
    what: `The output folder cannot be written: ${reason}.`,
    where: { file: folder },
    remedy: 'Name a folder on a disk with room that you may write to, with -o.',
  });

/** @param deviations one line per output, such as `output "y"[3]: 1.5 where the evaluator has 1.25 (tolerance 0.001)` */
export const parityFailed = (model: string, engine: string, deviations: readonly string[]) =>
  new LccError(
    {
      code: 'LCC5002',
      what: `${engine} does not compute what the model "${model}" means.`,
      details: deviations,
      remedy: 'This is a bug in lcc: report it with the model and this text.',
    },
    3,
  );

/** `part`: constants or arena, in bytes with the limit of one storage binding. */
export const webGpuTooLarge = (model: string, part: string, bytes: number, limit: number) =>
  new LccError({
    code: 'LCC5010',
    what: `The ${part} of "${model}" take ${bytes} bytes; a WebGPU storage binding holds ${limit}.`,
    remedy: 'Build without WebGPU (--backends wasm), or make the model or its input smaller.',
  });
