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

export const benchNeedsModel = (engine: string) =>
  new LccError({
    code: 'LCC0006',
    what: `Measuring against ${engine} needs the model file, which a bundle does not hold.`,
    remedy: 'Name it: lcc bench <bundle> --against onnxruntime-web --model model.onnx.',
  });

export const packageMissing = (name: string) =>
  new LccError({
    code: 'LCC0007',
    what: `The package ${name} is not installed.`,
    remedy: `Run npm install ${name}.`,
  });
