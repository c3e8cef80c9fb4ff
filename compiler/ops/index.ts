import { averagePool } from './average-pool.ts';
import { conv } from './conv.ts';
import { convTranspose } from './conv-transpose.ts';
import { elementwiseOps } from './elementwise/index.ts';
import { linear } from './linear.ts';
import { lpPool } from './lp-pool.ts';
import { matmul } from './matmul.ts';
import { maxPool } from './max-pool.ts';
import { maxPoolIndices } from './max-pool-indices.ts';
import type { Op } from './op.ts';

/** Every op of lcc by name. */
export const ops = {
  ...elementwiseOps,
  matmul,
  linear,
  conv,
  convTranspose,
  maxPool,
  maxPoolIndices,
  averagePool,
  lpPool,
} as const satisfies Record<string, Op>;

export type OpName = keyof typeof ops;
export type { Attributes } from './op.ts';
