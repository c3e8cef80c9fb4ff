import type { OpName } from '../../../ops/index.ts';
import type { Exporter } from '../exported-node.ts';
import { exportCast, exportClip, exportPrelu, exportRelu, exportSilu, exportSwish } from './activation.ts';
import { exportBitShift } from './bit-shift.ts';
import { exportConv, exportConvTranspose } from './conv.ts';
import { direct } from './direct.ts';
import {
  exportExpand,
  exportGather,
  exportGatherElements,
  exportGatherND,
  exportOneHot,
  exportPad,
  exportReshape,
  exportSlice,
  exportTile,
  exportTrilu,
} from './movement.ts';
import { exportBatchNorm, exportGroupNorm, exportLayerNorm, exportLrn, exportRmsNorm } from './normalization.ts';
import { exportAveragePool, exportLpPool, exportMaxPool, exportMaxPoolIndices } from './pool.ts';
import { exportAttention, exportLinear, exportMatmul } from './product.ts';
import { exportArgReduce, exportCumSum, exportReduce } from './reduce.ts';
import { exportResize } from './resize.ts';

/** How each op of lcc is written in ONNX. */
export const exporters = {
  ...direct,
  argReduce: exportArgReduce,
  attention: exportAttention,
  averagePool: exportAveragePool,
  batchNorm: exportBatchNorm,
  bitShift: exportBitShift,
  cast: exportCast,
  clip: exportClip,
  conv: exportConv,
  convTranspose: exportConvTranspose,
  cumSum: exportCumSum,
  expand: exportExpand,
  gather: exportGather,
  gatherElements: exportGatherElements,
  gatherND: exportGatherND,
  groupNorm: exportGroupNorm,
  layerNorm: exportLayerNorm,
  linear: exportLinear,
  lpPool: exportLpPool,
  lrn: exportLrn,
  matmul: exportMatmul,
  maxPool: exportMaxPool,
  maxPoolIndices: exportMaxPoolIndices,
  oneHot: exportOneHot,
  pad: exportPad,
  prelu: exportPrelu,
  reduce: exportReduce,
  relu: exportRelu,
  reshape: exportReshape,
  resize: exportResize,
  rmsNorm: exportRmsNorm,
  silu: exportSilu,
  slice: exportSlice,
  swish: exportSwish,
  tile: exportTile,
  trilu: exportTrilu,
} as const satisfies Record<OpName, Exporter>;
