import type { OpCase } from './case.ts';
import { cases as contractions } from './contractions.ts';
import { cases as elementwise } from './elementwise.ts';
import { cases as movement } from './movement.ts';
import { cases as normalisation } from './normalisation.ts';
import { cases as pools } from './pools.ts';
import { cases as reductions } from './reductions.ts';
import { cases as resize } from './resize.ts';

/** Every case of every op; the suites of all executors run this list. */
export const opCases: readonly OpCase[] = [
  ...elementwise,
  ...contractions,
  ...pools,
  ...reductions,
  ...normalisation,
  ...movement,
  ...resize,
];
