import type { CompileOptions } from '../../compiler/index.ts';

/** One golden folder: `case.ts` beside `expected/`, which holds the whole bundle but what was measured. */
export interface GoldenCase {
  readonly model: Uint8Array;
  readonly options: CompileOptions;
}
