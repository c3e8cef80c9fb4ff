import { deriveProfile } from './derive.ts';

/** Core i5 of the eleventh generation, DDR4 of 3200 MT/s on two channels. */
export const laptop = deriveProfile('laptop', 'an office laptop of 2021: four cores of 4.2 GHz, integrated graphics', {
  core: 'Tiger Lake core',
  gigahertz: 4.2,
  floatVectors: 1,
  integerVectors: 1.33,
  memory: 51.2e9,
  score: 1300,
  guessed: ['its score', "the memory's speed"],
  webgpu: {
    name: 'an Iris Xe of 80 units',
    peak: 0.83e12,
    bandwidth: 36e9,
    dispatch: 0.03,
    roundTrip: 1.5,
    pipeline: 4,
  },
});
