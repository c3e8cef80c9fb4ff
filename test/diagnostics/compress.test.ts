import { expect, it } from 'vitest';
import {
  autoNeedsLimit,
  calibrationMissing,
  limitsInfeasible,
  planDoesNotFit,
  planInvalid,
  planNotWritten,
  planOverLimits,
} from '../../compiler/diagnostics/compress.ts';

it('what compression refuses, word for word', () => {
  const errors = [
    calibrationMissing('--max-size'),
    autoNeedsLimit('--rank'),
    limitsInfeasible(['size: 41.2 KB of 30.0 KB', 'loss: 0.021 of 0.01']),
    planInvalid('plan.json', 'it has no list "decisions"'),
    planNotWritten('plan.json', 'EACCES'),
    planDoesNotFit(['truncate-rank fc1: rank 8']),
    planOverLimits(['size: 41.2 KB of 30.0 KB']),
  ];
  expect(errors.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2, 2, 2, 2]);
  expect(errors.map(({ message }) => message).join('\n\n')).toMatchInlineSnapshot(`
    "LCC3001: --max-size needs inputs of the model to measure what is lost.
      Next: Name some: --calibration data.npz, arrays named as the inputs, a few hundred samples; labels are not needed.

    LCC3002: --rank auto has nothing to decide by: no limit is given.
      Next: Give one of --max-drop, --max-size, --max-latency and --max-memory, or force the pass with another value.

    LCC3003: No combination of the allowed passes meets the limits; the nearest is below.
      - size: 41.2 KB of 30.0 KB
      - loss: 0.021 of 0.01
      Next: Raise the limit that is broken, allow a larger --max-drop, or switch on a pass that is off.

    LCC3004: The plan cannot be read: it has no list "decisions".
      at plan.json
      Next: Let lcc build write one: --plan with the name of a file that does not exist.

    LCC3005: The plan cannot be written: EACCES.
      at plan.json
      Next: Name a file in a folder that you may write to.

    LCC3006: The plan decides on places or levels that this model, with this calibration data, does not have.
      - truncate-rank fc1: rank 8
      Next: Use the plan with the model and the data that it was made for, or make a new one.

    LCC3007: What the plan decides does not meet the limits.
      - size: 41.2 KB of 30.0 KB
      Next: Raise the limit that is broken, or search anew: --plan with the name of a file that does not exist."
  `);
});
