import * as tf from '@tensorflow/tfjs';
import { describe, it } from 'vitest';
import { makeRandom } from '../../harness/random.ts';
import {
  type Artifacts,
  artifactsOf,
  expectAgreement,
  modelFolder,
  predict,
  randomFeeds,
  runCompiled,
  scatterWeights,
  writeModel,
} from '../../harness/tensorflow-model.ts';

const write = modelFolder();

async function check(name: string, model: tf.LayersModel, below?: number): Promise<void> {
  scatterWeights(model);
  const feeds = randomFeeds(model, 2, below);
  const file = write(name, writeModel(await artifactsOf(model)));
  expectAgreement(await runCompiled(file, feeds), predict(model, feeds));
}

type Layer = tf.layers.Layer;
type Shape = readonly number[];

const one = (layer: () => Layer, shape: Shape): tf.LayersModel => {
  const input = tf.input({ shape: [...shape] });
  return tf.model({ inputs: input, outputs: layer().apply(input) as tf.SymbolicTensor });
};

const image = [7, 6, 3] as const;
const { layers } = tf;

const cases: Readonly<Record<string, readonly [() => Layer, Shape]>> = {
  dense: [() => layers.dense({ units: 5, activation: 'relu' }), [4]],
  'dense of rank 3, no bias': [() => layers.dense({ units: 5, useBias: false }), [3, 4]],
  conv1d: [() => layers.conv1d({ filters: 4, kernelSize: 3, padding: 'same', strides: 2 }), [8, 3]],
  'conv1d dilated': [() => layers.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2 }), [9, 3]],
  'conv2d valid': [() => layers.conv2d({ filters: 4, kernelSize: [3, 2], activation: 'tanh' }), image],
  'conv2d same': [() => layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', strides: 2 }), image],
  'conv2d same of an even kernel': [() => layers.conv2d({ filters: 4, kernelSize: [2, 4], padding: 'same' }), image],
  'conv2d dilated': [() => layers.conv2d({ filters: 4, kernelSize: 2, dilationRate: [2, 3], useBias: false }), image],
  'conv2d channels first': [
    () => layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', strides: [2, 1], dataFormat: 'channelsFirst' }),
    [3, 7, 6],
  ],
  conv3d: [() => layers.conv3d({ filters: 3, kernelSize: [2, 3, 2], strides: 2, padding: 'same' }), [4, 5, 6, 2]],
  'depthwise same': [
    () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', strides: [2, 2] }),
    image,
  ],
  'depthwise valid': [() => layers.depthwiseConv2d({ kernelSize: [2, 3], useBias: false, activation: 'relu' }), image],
  'depthwise channels first': [
    () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, dataFormat: 'channelsFirst' }),
    [3, 7, 6],
  ],
  separable: [
    () => layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'elu' }),
    image,
  ],
  'separable channels first': [
    () => layers.separableConv2d({ filters: 5, kernelSize: 3, useBias: false, dataFormat: 'channelsFirst' }),
    [3, 7, 6],
  ],
  'transposed same': [() => layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }), image],
  'transposed valid': [
    () => layers.conv2dTranspose({ filters: 4, kernelSize: [4, 2], strides: [2, 3], activation: 'sigmoid' }),
    image,
  ],
  'transposed, the kernel shorter than the stride': [
    () => layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3, padding: 'same' }),
    image,
  ],
  'transposed channels first': [
    () => layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, dataFormat: 'channelsFirst' }),
    [3, 4, 5],
  ],
  'batch norm of images': [() => layers.batchNormalization(), image],
  'batch norm of vectors': [() => layers.batchNormalization({ center: false }), [6]],
  'batch norm of sequences': [() => layers.batchNormalization(), [5, 4]],
  'layer norm': [() => layers.layerNormalization(), [5, 4]],
  'layer norm over two axes': [() => layers.layerNormalization({ axis: [2, 3], scale: false }), image],
  'layer norm over an inner axis': [() => layers.layerNormalization({ axis: 1, center: false }), [5, 4]],
  relu: [() => layers.reLU(), image],
  'relu with a limit': [() => layers.reLU({ maxValue: 1.2 }), image],
  'leaky relu': [() => layers.leakyReLU({ alpha: 0.2 }), [5]],
  prelu: [() => layers.prelu(), image],
  'prelu that shares axes': [() => layers.prelu({ sharedAxes: [1, 2] }), image],
  elu: [() => layers.elu(), image],
  'thresholded relu': [() => layers.thresholdedReLU({ theta: 0.5 }), image],
  'softmax of axis -1': [() => layers.softmax({ axis: -1 }), [6]],
  masking: [() => layers.masking({ maskValue: 3 }), [4, 3]],
  'max pooling 1d': [() => layers.maxPooling1d({ poolSize: 3, strides: 2, padding: 'same' }), [8, 3]],
  'max pooling': [() => layers.maxPooling2d({}), image],
  'max pooling same': [() => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), image],
  'max pooling channels first': [() => layers.maxPooling2d({ poolSize: 2, dataFormat: 'channelsFirst' }), [3, 7, 6]],
  'average pooling 1d': [() => layers.averagePooling1d({ poolSize: 2 }), [8, 3]],
  'average pooling same': [() => layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }), image],
  'average pooling same of an even window': [
    () => layers.averagePooling2d({ poolSize: [2, 4], strides: 1, padding: 'same' }),
    image,
  ],
  'global average 1d': [() => layers.globalAveragePooling1d(), [5, 3]],
  'global max 1d': [() => layers.globalMaxPooling1d(), [5, 3]],
  'global average': [() => layers.globalAveragePooling2d({}), image],
  'global max': [() => layers.globalMaxPooling2d({}), image],
  'global average channels first': [() => layers.globalAveragePooling2d({ dataFormat: 'channelsFirst' }), [3, 7, 6]],
  flatten: [() => layers.flatten(), image],
  'flatten channels first': [() => layers.flatten({ dataFormat: 'channelsFirst' }), [3, 7, 6]],
  reshape: [() => layers.reshape({ targetShape: [9, -1] }), image],
  permute: [() => layers.permute({ dims: [3, 1, 2] }), image],
  'repeat vector': [() => layers.repeatVector({ n: 3 }), [4]],
  'zero padding': [
    () =>
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    image,
  ],
  'zero padding channels first': [() => layers.zeroPadding2d({ padding: 2, dataFormat: 'channelsFirst' }), [3, 7, 6]],
  cropping: [
    () =>
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
    image,
  ],
  'upsampling nearest': [() => layers.upSampling2d({ size: [2, 3] }), image],
  'upsampling bilinear': [() => layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }), image],
  'upsampling channels first': [
    () => layers.upSampling2d({ size: [2, 2], dataFormat: 'channelsFirst', interpolation: 'bilinear' }),
    [3, 7, 6],
  ],
  rescaling: [() => layers.rescaling({ scale: 1 / 127.5, offset: -1 }), image],
  dropout: [() => layers.dropout({ rate: 0.4 }), [5]],
  'spatial dropout': [() => layers.spatialDropout1d({ rate: 0.4 }), [5, 3]],
  'gaussian noise': [() => layers.gaussianNoise({ stddev: 0.4 }), [5]],
  'gaussian dropout': [() => layers.gaussianDropout({ rate: 0.4 }), [5]],
  'alpha dropout': [() => layers.alphaDropout({ rate: 0.4 }), [5]],
};

describe('a layer agrees with tfjs', () => {
  it.each(Object.entries(cases))('%s', (name, [layer, shape]) => check(name, one(layer, shape)));

  it('embedding', () =>
    check(
      'embedding',
      one(() => layers.embedding({ inputDim: 9, outputDim: 4 }), [5]),
      9,
    ));
});

/** Of one input and one output: what the compiled model gives for `x`. */
async function outputOf(name: string, artifacts: Artifacts, x: tf.Tensor): Promise<Record<string, ArrayLike<number>>> {
  const [values] = Object.values(await runCompiled(write(name, writeModel(artifacts)), { x }));
  return { y: values! };
}

describe('what Keras says and tfjs does not compute', () => {
  const input = (): tf.SymbolicTensor => tf.input({ shape: [4, 5, 3], name: 'x' });
  const x = tf.tensor(makeRandom(3).reals(120, -2, 2), [2, 4, 5, 3]);
  const modelOf = (layer: Layer, source = input()): tf.LayersModel =>
    tf.model({ inputs: source, outputs: layer.apply(source) as tf.SymbolicTensor });

  it.each([1, 2])('batch norm of axis %i', async (axis) => {
    const model = modelOf(layers.batchNormalization({ axis, epsilon: 0.1 }));
    scatterWeights(model);
    const broadcast = x.shape.map((size, i) => (i === axis ? size : 1));
    const [gamma, beta, mean, variance] = model.getWeights().map((weight) => weight.reshape(broadcast));
    const y = x.sub(mean!).mul(gamma!).div(variance!.add(0.1).sqrt()).add(beta!);
    expectAgreement(await outputOf(`norm ${axis}`, await artifactsOf(model), x), { y: y.dataSync() });
  });

  it('softmax of axis 1', async () => {
    const y = x.transpose([0, 3, 2, 1]).softmax().transpose([0, 3, 2, 1]);
    const artifacts = await artifactsOf(modelOf(layers.softmax({ axis: 1 })));
    expectAgreement(await outputOf('softmax 1', artifacts, x), { y: y.dataSync() });
  });

  it('elu of another alpha', async () => {
    const { modelTopology, ...rest } = await artifactsOf(modelOf(layers.elu()));
    const json = JSON.stringify(modelTopology).replace('"alpha":1', '"alpha":0.7');
    const y = x.relu().sub(x.neg().relu().neg().exp().sub(1).mul(-0.7));
    const artifacts = { ...rest, modelTopology: JSON.parse(json) };
    expectAgreement(await outputOf('elu 0.7', artifacts, x), { y: y.dataSync() });
  });
});

const activations = [
  'elu',
  'gelu',
  'gelu_new',
  'hardSigmoid',
  'linear',
  'logSoftmax',
  'mish',
  'relu',
  'relu6',
  'selu',
  'sigmoid',
  'softmax',
  'softplus',
  'softsign',
  'swish',
  'tanh',
] as const;

describe('an activation agrees with tfjs', () => {
  it.each(activations)('%s', (activation) =>
    check(
      `activation ${activation}`,
      one(() => layers.activation({ activation: activation as 'relu' }), [4, 5]),
    ),
  );

  it.each(activations)('%s of a convolution', (activation) =>
    check(
      `conv ${activation}`,
      one(() => layers.conv2d({ filters: 4, kernelSize: 3, activation: activation as 'relu' }), image),
    ),
  );
});

const merged = (layer: Layer, ...shapes: readonly Shape[]): tf.LayersModel => {
  const inputs = shapes.map((shape) => tf.input({ shape: [...shape] }));
  return tf.model({ inputs, outputs: layer.apply(inputs) as tf.SymbolicTensor });
};

describe('a merge agrees with tfjs', () => {
  const merges: Readonly<Record<string, () => Layer>> = {
    add: () => layers.add(),
    multiply: () => layers.multiply(),
    average: () => layers.average(),
    maximum: () => layers.maximum(),
    minimum: () => layers.minimum(),
    concatenate: () => layers.concatenate(),
    'concatenate along axis 1': () => layers.concatenate({ axis: 1 }),
  };
  it.each(Object.entries(merges))('%s', (name, layer) => check(name, merged(layer(), image, image, image)));

  it('add of other ranks', () => check('add ranks', merged(layers.add(), image, [3])));

  it.each([
    ['of vectors', { axes: 1 }, [[4], [4]]],
    [
      'of matrices',
      { axes: [2, 1] },
      [
        [3, 4],
        [4, 5],
      ],
    ],
    [
      'of matrices along their rows',
      { axes: 1, normalize: true },
      [
        [3, 4],
        [3, 5],
      ],
    ],
    [
      'of matrices along their columns',
      { axes: -1 },
      [
        [3, 4],
        [5, 4],
      ],
    ],
    ['of vectors, normalised', { axes: -1, normalize: true }, [[4], [4]]],
  ] as const)('dot %s', (name, { axes, ...rest }, shapes) =>
    check(`dot ${name}`, merged(layers.dot({ axes: axes as number, ...rest }), ...shapes)),
  );
});
