import type { OpName } from '../../../ops/index.ts';
import { concat, cumSum, gather, pad, reshape, slice, tile, transpose } from './movements.ts';
import { batchNorm, groupNorm, logSoftmax, softmax } from './norms.ts';
import type { Operation } from './operation.ts';
import { attention, linear, matmul } from './products.ts';
import { convTranspose } from './transposed.ts';
import { averagePool, conv, maxPool } from './windows.ts';

/** Ops that one call computes; all others are rendered from their meaning. */
export const operations: Partial<Record<OpName, Operation>> = {
  linear,
  matmul,
  attention,
  conv,
  convTranspose,
  maxPool,
  averagePool,
  batchNorm,
  groupNorm,
  softmax,
  logSoftmax,
  reshape,
  transpose,
  concat,
  slice,
  pad,
  tile,
  gather,
  cumSum,
};
