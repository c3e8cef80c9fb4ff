import { type Diagnostic, LccError } from './diagnostic.ts';

/* LCC02xx: models imported through a bundler. */

export const importKeyUnknown = (file: string, key: string, known: readonly string[]) =>
  new LccError({
    code: 'LCC0201',
    what: `The query of this import has "${key}", which is no option.`,
    where: { file },
    remedy: `Choose from ${known.join(', ')}.`,
  });

export const importQueryInvalid = (file: string, query: string, reason: string) =>
  new LccError({
    code: 'LCC0202',
    what: `The query of this import is not valid: ${reason}`,
    where: { file },
    values: { given: query },
    remedy: "Write it as './model.onnx?target=mobile-wasm&dim=batch=4'; %26 stands for & within a value.",
  });

export const pluginOptionInvalid = (reason: string) =>
  new LccError({
    code: 'LCC0203',
    what: `The options of the lcc plugin are not valid: ${reason}.`,
    remedy:
      "Write lcc({ target: 'mobile-wasm' }); it takes the settings of lcc.config.ts, but model, data and out, and types.",
  });

export const targetNotBundled = (file: string, target: string) =>
  new LccError({
    code: 'LCC0204',
    what: `Target ${target} imports its wasm as a module, which only its own host compiles.`,
    where: { file },
    remedy: 'Choose another target here, or write the bundle with lcc build and import its index.js on the host.',
  });

export const typesNotWritten = (file: string, reason: string) =>
  new LccError({
    code: 'LCC0205',
    what: `The declaration of an imported model cannot be written: ${reason}.`,
    where: { file },
    remedy: 'Name a folder that can be written with lcc({ types: folder }), or do without: lcc({ types: false }).',
  });

/** @param report what `lcc check` prints */
export const importNotWithinBudget = (file: string, report: string) =>
  new LccError({
    code: 'LCC0206',
    what: 'The model is not within its budget.',
    where: { file },
    details: report.trimEnd().split('\n'),
    remedy: 'Make the model smaller, or raise the limits of lcc.config.ts or of the plugin.',
  });

/** A warning. @param end of the imports, such as `model.json?lcc` @param modules one line each */
export const modelsNamedAlike = (end: string, modules: readonly string[]): Diagnostic => ({
  code: 'LCC0207',
  what: `Imports of several models end in ${end}, by which TypeScript cannot tell them apart.`,
  details: modules,
  remedy: 'Import them by paths with these ends, or give the files names of their own.',
});
