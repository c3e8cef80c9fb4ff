import type { OpCase } from './case.ts';
import { cases as elementwise } from './elementwise.ts';

/** Every case of every op; the suites of all executors run this list. */
export const opCases: readonly OpCase[] = [...elementwise];
