import { argReduce } from './arg-reduce.ts';
import { attention } from './attention.ts';
import { averagePool } from './average-pool.ts';
import { batchNorm } from './batch-norm.ts';
import { concat } from './concat.ts';
import { conv } from './conv.ts';
import { convTranspose } from './conv-transpose.ts';
import { cumSum } from './cum-sum.ts';
import { elementwiseOps } from './elementwise/index.ts';
import { expand, tile } from './expand.ts';
import { gather, gatherElements, gatherND } from './gather.ts';
import { groupNorm } from './group-norm.ts';
import { layerNorm, rmsNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { lpPool } from './lp-pool.ts';
import { lrn } from './lrn.ts';
import { matmul } from './matmul.ts';
import { maxPool } from './max-pool.ts';
import { maxPoolIndices } from './max-pool-indices.ts';
import { oneHot } from './one-hot.ts';
import type { Op } from './op.ts';
import { pad } from './pad.ts';
import { reduce } from './reduce.ts';
import { reshape } from './reshape.ts';
import { resize } from './resize/resize.ts';
import { slice } from './slice.ts';
import { hardmax, logSoftmax, softmax } from './softmax.ts';
import { transpose } from './transpose.ts';
import { trilu } from './trilu.ts';

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
  reduce,
  argReduce,
  cumSum,
  batchNorm,
  layerNorm,
  rmsNorm,
  groupNorm,
  lrn,
  softmax,
  logSoftmax,
  hardmax,
  reshape,
  transpose,
  concat,
  slice,
  pad,
  expand,
  tile,
  gather,
  gatherElements,
  gatherND,
  oneHot,
  trilu,
  resize,
  attention,
} as const satisfies Record<string, Op>;

export type OpName = keyof typeof ops;
export type { Attributes } from './op.ts';
