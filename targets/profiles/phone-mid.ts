import { deriveProfile } from './derive.ts';

/** Snapdragon 778G. */
export const phoneMid = deriveProfile('phone-mid', 'a phone of the middle class of 2021: Cortex-A78 of 2.4 GHz', {
  core: 'Cortex-A78',
  gigahertz: 2.4,
  floatVectors: 1,
  integerVectors: 0.47,
  memory: 25.6e9,
  score: 772,
  guessed: [],
  webgpu: { name: 'an Adreno 642L', peak: 0.21e12, bandwidth: 15e9, dispatch: 0.07, roundTrip: 3, pipeline: 15 },
});
