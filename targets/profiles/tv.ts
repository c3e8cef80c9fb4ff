import { deriveProfile } from './derive.ts';

/** MediaTek MT5596 and its like: in order, which costs the tiles of the calibration kernels some 40 %. */
export const tv = deriveProfile('tv', 'a smart television: four Cortex-A53 of 1.1 GHz', {
  core: 'Cortex-A53',
  gigahertz: 1.1,
  floatVectors: 0.3,
  integerVectors: 0.14,
  memory: 7.5e9,
  score: 95,
  guessed: ['its score', "the memory's speed"],
});
