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

export const configInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC0005',
    what: `The configuration is not valid: ${reason}.`,
    where: { file },
    remedy: "Export default defineConfig({ model: 'model.onnx', target: 'mobile-webgpu' }) from it.",
  });

/** @param file the base name that the bundle records, when it came from a file */
export const benchNeedsModel = (engine: string, file: string | undefined) =>
  new LccError({
    code: 'LCC0006',
    what: `Measuring against ${engine} needs the model file, which a bundle does not hold.`,
    values: file === undefined ? {} : { 'not found, or no longer the same': file },
    remedy: 'Name it: lcc bench <bundle> --against onnxruntime-web --model model.onnx.',
  });

/** @param file the base name of the model that the bundle was built from */
export const benchNeedsOnnx = (engine: string, file: string) =>
  new LccError({
    code: 'LCC0010',
    what: `${engine} reads ONNX; this bundle was built from a TensorFlow.js model.`,
    values: { 'built from': file },
    remedy: 'Measure the bundle alone, or name the same model as ONNX with --model model.onnx.',
  });

/** tfjs runs recipes that lcc trains, which this version does not do. */
export const engineNeedsRecipe = (engine: string) =>
  new LccError({
    code: 'LCC0008',
    what: `${engine} does not read ONNX; lcc measures against it only models that lcc trained, and does not train yet.`,
    remedy: 'Measure against onnxruntime-web.',
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
