import { LccError } from './diagnostic.ts';

/** @param needs such as `class labels` */
export const labelsMissing = (file: string, metric: string, needs: string) =>
  new LccError({
    code: 'LCC7015',
    what: `The metric ${metric} needs ${needs}, which this data does not have.`,
    where: { file },
    remedy: 'Add labels to the data (labels= names a file), or choose cosine or agreement, which need none.',
  });

export const metricInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC7025',
    what: `The metric cannot be used: ${reason}.`,
    where: { file },
    remedy:
      'Export by default a function (outputs, sample) that returns a number, or { name, higherIsBetter, needs, score }.',
  });

export const metricUnknown = (name: string, known: readonly string[]) =>
  new LccError({
    code: 'LCC7026',
    what: `There is no metric "${name}".`,
    remedy: `Choose from ${known.join(', ')}, or name a module (.ts, .js or .mjs).`,
  });

export const metricWithoutData = (name: string) =>
  new LccError({
    code: 'LCC7028',
    what: `There is nothing to measure the metric "${name}" on.`,
    remedy: 'Name data by --evaluation, with labels where the metric compares with them, or leave --metric out.',
  });

/** @param drop such as `1 %` */
export const dropNotOfShare = (metric: string, drop: string) =>
  new LccError({
    code: 'LCC7029',
    what: `--max-drop ${drop} is of a share of the samples, which the metric ${metric} is not.`,
    remedy: `Write --max-drop as an amount of ${metric}, a number alone.`,
  });

/** @param has and @param takes values of one sample */
export const outputDoesNotFit = (metric: string, output: string, has: string, takes: string) =>
  new LccError({
    code: 'LCC7027',
    what: `The metric ${metric} does not fit the output "${output}".`,
    values: { 'the output has': has, 'the metric takes': takes },
    remedy: 'Choose another metric, another output, or labels made for this model.',
  });
