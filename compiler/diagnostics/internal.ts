import { LccError } from './diagnostic.ts';

/** A state that lcc's own rules exclude. The stack stays with it. */
export const bug = (what: string, cause?: unknown) =>
  new LccError(
    {
      code: 'LCC9001',
      what: `internal: ${what}`,
      remedy: 'This is a bug in lcc: report it with the model and this text.',
    },
    3,
    cause,
  );
