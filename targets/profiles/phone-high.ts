import { deriveProfile } from './derive.ts';

/** Apple A16; a Snapdragon 8 Gen 2 is close. */
export const phoneHigh = deriveProfile('phone-high', 'a flagship phone of 2022: four vector pipes at 3.46 GHz', {
  core: 'A16 performance core',
  gigahertz: 3.46,
  floatVectors: 2,
  integerVectors: 0.94,
  memory: 51.2e9,
  score: 1861,
  guessed: [],
  webgpu: { name: 'its GPU of five cores', peak: 0.9e12, bandwidth: 36e9, dispatch: 0.05, roundTrip: 2, pipeline: 6 },
});
