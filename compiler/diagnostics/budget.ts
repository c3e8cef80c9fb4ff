import { LccError } from './diagnostic.ts';

/* LCC61xx: budgets and checks. */

const form = 'A budget is a size such as 300KB, or JSON such as {"total": {"brotli": "300KB"}, "code": "30KB"}.';

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
