import type { Importer } from '../node.ts';
import { importAttention, importRotaryEmbedding } from './attention.ts';
import { importCast, importCastLike } from './cast.ts';
import { importClip } from './clip.ts';
import {
  importBitCast,
  importConstant,
  importConstantOfShape,
  importDropout,
  importEyeLike,
  importNonZero,
  importRange,
  importShape,
  importSize,
} from './constant.ts';
import { importConv, importConvTranspose } from './conv.ts';
import { importEinsum } from './einsum.ts';
import { importGather, importGatherElements, importGatherND, importOneHot } from './gather.ts';
import { importGemm, importMatMul } from './gemm.ts';
import { importIf } from './if.ts';
import { importCompress, importCumProd, importScatterElements, importScatterND, importTopK } from './known-only.ts';
import { microsoft } from './microsoft.ts';
import {
  importCenterCropPad,
  importConcat,
  importExpand,
  importPad,
  importSlice,
  importSplit,
  importTile,
  importTranspose,
  importTrilu,
} from './movement.ts';
import {
  importBatchNormalization,
  importGroupNormalization,
  importInstanceNormalization,
  importLayerNormalization,
  importLpNormalization,
  importMeanVarianceNormalization,
  importRmsNormalization,
} from './normalization.ts';
import {
  importAveragePool,
  importGlobalAveragePool,
  importGlobalLpPool,
  importGlobalMaxPool,
  importLpPool,
  importMaxPool,
} from './pool.ts';
import { importArgMax, importArgMin, importCumSum, reductions } from './reduce.ts';
import { importResize, importUpsample } from './resize.ts';
import { sameName } from './same-name.ts';
import {
  importDepthToSpace,
  importFlatten,
  importReshape,
  importSpaceToDepth,
  importSqueeze,
  importUnsqueeze,
} from './shape.ts';
import { importHardmax, importLogSoftmax, importSoftmax } from './softmax.ts';
import { importMax, importMean, importMin, importSum } from './variadic.ts';

const onnx: Readonly<Record<string, Importer>> = {
  ...sameName,
  ...reductions,
  ArgMax: importArgMax,
  ArgMin: importArgMin,
  Attention: importAttention,
  AveragePool: importAveragePool,
  BatchNormalization: importBatchNormalization,
  BitCast: importBitCast,
  Cast: importCast,
  CastLike: importCastLike,
  CenterCropPad: importCenterCropPad,
  Clip: importClip,
  Compress: importCompress,
  Concat: importConcat,
  Constant: importConstant,
  ConstantOfShape: importConstantOfShape,
  Conv: importConv,
  ConvTranspose: importConvTranspose,
  CumProd: importCumProd,
  CumSum: importCumSum,
  DepthToSpace: importDepthToSpace,
  Dropout: importDropout,
  Einsum: importEinsum,
  Expand: importExpand,
  EyeLike: importEyeLike,
  Flatten: importFlatten,
  Gather: importGather,
  GatherElements: importGatherElements,
  GatherND: importGatherND,
  Gemm: importGemm,
  GlobalAveragePool: importGlobalAveragePool,
  GlobalLpPool: importGlobalLpPool,
  GlobalMaxPool: importGlobalMaxPool,
  GroupNormalization: importGroupNormalization,
  Hardmax: importHardmax,
  Identity: (node) => node.input(0),
  If: importIf,
  InstanceNormalization: importInstanceNormalization,
  LayerNormalization: importLayerNormalization,
  LogSoftmax: importLogSoftmax,
  LpNormalization: importLpNormalization,
  LpPool: importLpPool,
  MatMul: importMatMul,
  Max: importMax,
  MaxPool: importMaxPool,
  Mean: importMean,
  MeanVarianceNormalization: importMeanVarianceNormalization,
  Min: importMin,
  NonZero: importNonZero,
  OneHot: importOneHot,
  Pad: importPad,
  RMSNormalization: importRmsNormalization,
  Range: importRange,
  Reshape: importReshape,
  Resize: importResize,
  RotaryEmbedding: importRotaryEmbedding,
  Scatter: importScatterElements,
  ScatterElements: importScatterElements,
  ScatterND: importScatterND,
  Shape: importShape,
  SimplifiedLayerNormalization: importRmsNormalization,
  Size: importSize,
  Slice: importSlice,
  Softmax: importSoftmax,
  SpaceToDepth: importSpaceToDepth,
  Split: importSplit,
  Squeeze: importSqueeze,
  Sum: importSum,
  Tile: importTile,
  TopK: importTopK,
  Transpose: importTranspose,
  Trilu: importTrilu,
  Unsqueeze: importUnsqueeze,
  Upsample: importUpsample,
};

/** Importers by domain ('' is ONNX's own) and operator. */
export const importers: ReadonlyMap<string, ReadonlyMap<string, Importer>> = new Map([
  ['', new Map(Object.entries(onnx))],
  ['com.microsoft', new Map(Object.entries(microsoft))],
]);
