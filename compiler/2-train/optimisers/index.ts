export { type AdamOptions, adam, adamW } from './adam.ts';
export type { Learnt, Optimiser, Update } from './optimiser.ts';
export { type SgdOptions, sgd } from './sgd.ts';
