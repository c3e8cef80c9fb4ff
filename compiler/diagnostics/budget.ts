import { LccError } from './diagnostic.ts';

/* LCC61xx: budgets and checks. */

const form =
  'A budget is a size such as 300KB, or JSON such as {"total": "300 KB", "latency": {"p95": "8 ms"}, "drop": "0.5 %"}.';

export const budgetNotReadable = (file: string, reason: string) =>
  new LccError({
    code: 'LCC6101',
    what: `The budget file cannot be read: ${reason}.`,
    where: { file },
    remedy: form,
  });

export const budgetInvalid = (what: string, given: string, file?: string) =>
  new LccError({
    code: 'LCC6102',
    what: `The budget is not valid: ${what}.`,
    where: { file },
    values: { given },
    remedy: form,
  });

export const notABundle = (folder: string, reason: string) =>
  new LccError({
    code: 'LCC6103',
    what: `This is not a whole lcc bundle: ${reason}.`,
    where: { file: folder },
    remedy: 'Name a folder that lcc build wrote, or build it again.',
  });

export const baselineInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC6104',
    what: `The baseline is not a manifest of lcc: ${reason}.`,
    where: { file },
    remedy: 'Name the lcc.json of an earlier build.',
  });

export const budgetImpossible = (what: string, file?: string) =>
  new LccError({
    code: 'LCC6105',
    what: `No bundle can meet the budget: ${what}.`,
    where: { file },
    remedy: 'Write a limit that a bundle can be within.',
  });

export const backendNotInBundle = (bundle: string, backend: string, backends: readonly string[]) =>
  new LccError({
    code: 'LCC6106',
    what: `The budget limits a time on ${backend}, which ${bundle} was not built for.`,
    where: {},
    values: { backends: backends.join(', ') },
    remedy: 'Build the bundle for that backend, or take the limit out.',
  });

export const baselineNotFound = (baseline: string, reason: string) =>
  new LccError({
    code: 'LCC6107',
    what: `There is no baseline: ${reason}.`,
    values: { given: baseline },
    remedy: 'Name the lcc.json or the folder of an earlier build, or a git ref in which lcc.json is committed.',
  });

export const resultInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC6108',
    what: `This is no result of lcc check: ${reason}.`,
    where: { file },
    remedy: 'Name files that lcc check --reporter json wrote.',
  });

export const bundleNotRun = (bundle: string, reason: string) =>
  new LccError({
    code: 'LCC6109',
    what: `The accuracy of ${bundle} cannot be measured: it does not load on wasm in Node: ${reason}.`,
    remedy: 'Leave --evaluation out of the check and name it in the build, which records the accuracy.',
  });

export const resultNotWritten = (file: string, reason: string) =>
  new LccError({
    code: 'LCC6110',
    what: `The result cannot be written: ${reason}.`,
    where: { file },
    remedy: 'Name a file in a folder that is there and can be written, such as --reporter junit=check.xml.',
  });

/** @param faults one line each */
export const shardsUnlike = (faults: readonly string[]) =>
  new LccError({
    code: 'LCC6111',
    what: 'These results are not all the shards of one check.',
    details: faults,
    remedy: 'Name what each shard of one lcc check wrote, once: all with the same bundles, budget and lcc.',
  });

/** @param lacking such as `kernels[].codeBytes` */
export const manifestIncomplete = (file: string, generator: string, lacking: readonly string[]) =>
  new LccError({
    code: 'LCC6112',
    what: `This lcc.json does not record all that this version of lcc needs: it was written by ${generator}.`,
    where: { file },
    values: { 'it lacks': lacking.join(', ') },
    remedy: 'Build the bundle again.',
  });
