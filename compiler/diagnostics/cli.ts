import { LccError } from './diagnostic.ts';

/* LCC0xxx: the command line, its configuration, and what the machine offers. */

export const noModel = (folder: string) =>
  new LccError({
    code: 'LCC0001',
    what: 'No model was named, and this folder has no lcc.config.ts.',
    where: { file: folder },
    remedy: 'Name a model: lcc build model.onnx.',
  });

/** @param flag such as `--dim` @param form such as `name=size` */
export const flagInvalid = (flag: string, given: string, form: string) =>
  new LccError({
    code: 'LCC0002',
    what: `${flag} takes ${form}.`,
    values: { given },
    remedy: `Write ${flag} ${form}; lcc build --help has examples.`,
  });

/** @param what such as `target`, `backend`, `stage` */
export const unknownChoice = (what: string, given: string, known: readonly string[]) =>
  new LccError({
    code: 'LCC0003',
    what: `There is no ${what} "${given}".`,
    remedy: `Choose from ${known.join(', ')}.`,
  });

export const backendNotInTarget = (backend: string, target: string, offered: readonly string[]) =>
  new LccError({
    code: 'LCC0004',
    what: `Target ${target} has no ${backend} backend.`,
    remedy: `Choose from ${offered.join(', ')}, or another target from lcc targets.`,
  });

const exportConfig = "Export default defineConfig({ model: 'model.onnx', target: 'mobile-webgpu' }) from it.";

export const configInvalid = (file: string, reason: string, remedy: string = exportConfig) =>
  new LccError({ code: 'LCC0005', what: `The configuration is not valid: ${reason}.`, where: { file }, remedy });

/** @param files base names that the bundle records, the model's first; none when it came from bytes */
export const benchNeedsModel = (engines: readonly string[], files: readonly string[]) =>
  new LccError({
    code: 'LCC0006',
    what: `Measuring against ${engines.join(', ')} needs the model file, which a bundle does not hold.`,
    values: files.length === 0 ? {} : { 'not found, or no longer the same': files.join(', ') },
    remedy: `Name it: lcc bench <bundle> --against ${engines.join(',')} --model ${files[0] ?? 'model.onnx'}.`,
  });

/** @param file of the model, which is TensorFlow.js's */
export const benchNeedsOnnx = (engine: string, file: string) =>
  new LccError({
    code: 'LCC0010',
    what: `${engine} reads ONNX, which has no words for this TensorFlow.js model.`,
    where: { file },
    remedy: 'Measure against tfjs, or name the same model as ONNX with --model model.onnx.',
  });

/** @param file of the model, which is ONNX */
export const engineReadsNoOnnx = (engine: string, file: string) =>
  new LccError({
    code: 'LCC0008',
    what: `${engine} reads no ONNX; it runs TensorFlow.js models.`,
    where: { file },
    remedy: 'Measure against onnxruntime-web, or name the same model as TensorFlow.js with --model model.json.',
  });

export const stageOfBundle = (folder: string) =>
  new LccError({
    code: 'LCC0009',
    what: '--after shows the stages of compiling a model; this is a bundle, already compiled.',
    where: { file: folder },
    remedy: 'Name the model, or leave --after out to see what the bundle records.',
  });

export const packageMissing = (name: string) =>
  new LccError({
    code: 'LCC0007',
    what: `The package ${name} is not installed.`,
    remedy: `Run npm install ${name}.`,
  });

export const configExists = (file: string) =>
  new LccError({
    code: 'LCC0011',
    what: 'There is one already; lcc init writes over nothing.',
    where: { file },
    remedy: 'Edit it, or move it away first.',
  });

export const initNeedsModel = (folder: string) =>
  new LccError({
    code: 'LCC0012',
    what: 'No model was named, and this folder has none.',
    where: { file: folder },
    remedy: 'Name it: lcc init --model model.onnx.',
  });

export const configNotWritten = (file: string, reason: string) =>
  new LccError({
    code: 'LCC0013',
    what: `The configuration cannot be written: ${reason}.`,
    where: { file },
    remedy: 'Run lcc init in a folder that can be written.',
  });
