import { deriveProfile } from './derive.ts';

/** Helio G85: LPDDR4X of 3600 MT/s on two channels of 16 bits; WebGPU is rare in this class. */
export const phoneLow = deriveProfile('phone-low', 'a cheap phone of 2020: two Cortex-A75 of 2 GHz', {
  core: 'Cortex-A75',
  gigahertz: 2,
  floatVectors: 0.5,
  integerVectors: 0.24,
  memory: 14.4e9,
  score: 352,
  guessed: ["the memory's speed"],
});
