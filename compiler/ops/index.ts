import { elementwiseOps } from './elementwise/index.ts';
import type { Op } from './op.ts';

/** Every op of lcc by name. */
export const ops = {
  ...elementwiseOps,
} as const satisfies Record<string, Op>;

export type OpName = keyof typeof ops;
export type { Attributes } from './op.ts';
