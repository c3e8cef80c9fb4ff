import {
  importActivation,
  importELU,
  importLeakyReLU,
  importMasking,
  importPReLU,
  importReLU,
  importRescaling,
  importSoftmax,
  importThresholdedReLU,
} from './activation.ts';
import {
  importConv1D,
  importConv2D,
  importConv2DTranspose,
  importConv3D,
  importDepthwiseConv2D,
  importSeparableConv2D,
} from './convolution.ts';
import { importDense, importEmbedding, importRepeatVector } from './dense.ts';
import type { LayerImporter } from './layer.ts';
import { importAverage, importConcatenate, importDot, importMerge, importSubtract } from './merge.ts';
import { importBatchNormalization, importLayerNormalization } from './normalization.ts';
import { importGlobalPooling, importPooling } from './pooling.ts';
import {
  importCropping2D,
  importFlatten,
  importPermute,
  importReshape,
  importUpSampling2D,
  importZeroPadding2D,
} from './shape.ts';

/** Layers that do something only while a model is trained. */
const passOn: LayerImporter = (layer) => layer.x;

/** Importers by class name. */
export const layerImporters: ReadonlyMap<string, LayerImporter> = new Map(
  Object.entries<LayerImporter>({
    Activation: importActivation,
    ActivityRegularization: passOn,
    Add: importMerge('add'),
    AlphaDropout: passOn,
    Average: importAverage,
    AveragePooling1D: importPooling('average', 1),
    AveragePooling2D: importPooling('average', 2),
    AveragePooling3D: importPooling('average', 3),
    BatchNormalization: importBatchNormalization,
    Concatenate: importConcatenate,
    Conv1D: importConv1D,
    Conv2D: importConv2D,
    Conv2DTranspose: importConv2DTranspose,
    Conv3D: importConv3D,
    Cropping2D: importCropping2D,
    Dense: importDense,
    DepthwiseConv2D: importDepthwiseConv2D,
    Dot: importDot,
    Dropout: passOn,
    ELU: importELU,
    Embedding: importEmbedding,
    Flatten: importFlatten,
    GaussianDropout: passOn,
    GaussianNoise: passOn,
    GlobalAveragePooling1D: importGlobalPooling('mean'),
    GlobalAveragePooling2D: importGlobalPooling('mean'),
    GlobalMaxPooling1D: importGlobalPooling('max'),
    GlobalMaxPooling2D: importGlobalPooling('max'),
    LayerNormalization: importLayerNormalization,
    LeakyReLU: importLeakyReLU,
    Masking: importMasking,
    MaxPooling1D: importPooling('max', 1),
    MaxPooling2D: importPooling('max', 2),
    MaxPooling3D: importPooling('max', 3),
    Maximum: importMerge('max'),
    Minimum: importMerge('min'),
    Multiply: importMerge('mul'),
    PReLU: importPReLU,
    Permute: importPermute,
    ReLU: importReLU,
    RepeatVector: importRepeatVector,
    Rescaling: importRescaling,
    Reshape: importReshape,
    SeparableConv2D: importSeparableConv2D,
    Softmax: importSoftmax,
    SpatialDropout1D: passOn,
    SpatialDropout2D: passOn,
    Subtract: importSubtract,
    ThresholdedReLU: importThresholdedReLU,
    UpSampling2D: importUpSampling2D,
    ZeroPadding2D: importZeroPadding2D,
  }),
);

const recurrent = 'lcc has no recurrent layers';

/** Why there is no importer for a class that many models have. */
export const refusedLayers: ReadonlyMap<string, string> = new Map([
  ['Bidirectional', recurrent],
  ['ConvLSTM2D', recurrent],
  ['ConvLSTM2DCell', recurrent],
  ['GRU', recurrent],
  ['GRUCell', recurrent],
  ['LSTM', recurrent],
  ['LSTMCell', recurrent],
  ['RNN', recurrent],
  ['SimpleRNN', recurrent],
  ['SimpleRNNCell', recurrent],
  ['StackedRNNCells', recurrent],
]);
