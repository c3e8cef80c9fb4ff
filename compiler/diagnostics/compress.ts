import { LccError } from './diagnostic.ts';

/* LCC3xxx: lossy compression and its planner. */

/** @param flag such as `--max-size` */
export const calibrationMissing = (flag: string) =>
  new LccError({
    code: 'LCC3001',
    what: `${flag} needs inputs of the model to measure what is lost.`,
    remedy:
      'Name some: --calibration data.npz, arrays named as the inputs, a few hundred samples; labels are not needed.',
  });

export const autoNeedsLimit = (flag: string) =>
  new LccError({
    code: 'LCC3002',
    what: `${flag} auto has nothing to decide by: no limit is given.`,
    remedy: 'Give one of --max-drop, --max-size, --max-latency and --max-memory, or force the pass with another value.',
  });

/** @param nearest lines such as `size: 41.2 KB of 30 KB` */
export const limitsInfeasible = (nearest: readonly string[]) =>
  new LccError({
    code: 'LCC3003',
    what: 'No combination of the allowed passes meets the limits; the nearest is below.',
    details: nearest,
    remedy: 'Raise the limit that is broken, allow a larger --max-drop, or switch on a pass that is off.',
  });

export const planInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC3004',
    what: `The plan cannot be read: ${reason}.`,
    where: { file },
    remedy: 'Let lcc build write one: --plan with the name of a file that does not exist.',
  });

export const planNotWritten = (file: string, reason: string) =>
  new LccError({
    code: 'LCC3005',
    what: `The plan cannot be written: ${reason}.`,
    where: { file },
    remedy: 'Name a file in a folder that you may write to.',
  });

/** @param decisions one line each */
export const planDoesNotFit = (decisions: readonly string[]) =>
  new LccError({
    code: 'LCC3006',
    what: 'The plan decides on places or levels that this model, with this calibration data, does not have.',
    details: decisions,
    remedy: 'Use the plan with the model and the data that it was made for, or make a new one.',
  });

/** @param figures lines such as `size: 41.2 KB of 30 KB` */
export const planOverLimits = (figures: readonly string[]) =>
  new LccError({
    code: 'LCC3007',
    what: 'What the plan decides does not meet the limits.',
    details: figures,
    remedy: 'Raise the limit that is broken, or search anew: --plan with the name of a file that does not exist.',
  });
