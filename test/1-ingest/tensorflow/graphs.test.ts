import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { makeRandom } from '../../harness/random.ts';
import {
  executeGraph,
  flag,
  float,
  graphArtifacts,
  int,
  ints,
  text,
  texts,
  type,
  type WrittenGraph,
  type WrittenNode,
} from '../../harness/tensorflow-graph.ts';
import { expectAgreement, type Feeds, modelFolder, runCompiled, writeModel } from '../../harness/tensorflow-model.ts';

const write = modelFolder();
const random = makeRandom(9);

function floats(sizes: readonly number[], low = -0.5, high = 0.5): tf.Tensor {
  const count = sizes.reduce((product, size) => product * size, 1);
  return tf.tensor(random.reals(count, low, high), [...sizes]);
}

/** tfjs and lcc on the same graph; `names` are lcc's outputs for tfjs' nodes. */
async function check(name: string, graph: WrittenGraph, feeds: Feeds, names: Record<string, string>): Promise<string> {
  const artifacts = await graphArtifacts(graph);
  const results = await executeGraph(artifacts, feeds, Object.keys(names));
  const expected = Object.fromEntries(Object.entries(names).map(([node, output]) => [output, results[node]!]));
  const file = write(name, writeModel(artifacts, 2));
  expectAgreement(await runCompiled(file, feeds), expected);
  return file;
}

const float32 = type('DT_FLOAT');
const conv = (stride: number, ...fused: string[]) => ({
  T: float32,
  strides: ints(1, stride, stride, 1),
  dilations: ints(1, 1, 1, 1),
  padding: text('SAME'),
  data_format: text('NHWC'),
  fused_ops: texts(...fused),
  num_args: int(fused.length > 0 ? 1 : 0),
});

/** Fused blocks of a depthwise and a pointwise convolution, as the converter leaves a MobileNet. */
function mobileNet(): WrittenGraph {
  const constants: Record<string, tf.Tensor> = {
    stem: floats([3, 3, 3, 8]),
    stem_bias: floats([8]),
    axes: tf.tensor1d([1, 2], 'int32'),
    classes: floats([32, 10]),
    classes_bias: floats([10]),
  };
  const nodes: WrittenNode[] = [
    {
      name: 'stem_conv',
      op: '_FusedConv2D',
      input: ['image', 'stem', 'stem_bias'],
      attr: conv(2, 'BiasAdd', 'Relu6'),
    },
  ];
  let [before, channels] = ['stem_conv', 8];
  for (const [i, [filters, stride]] of (
    [
      [16, 1],
      [24, 2],
      [24, 1],
      [32, 2],
    ] as const
  ).entries()) {
    constants[`deep${i}`] = floats([3, 3, channels, 1]);
    constants[`deep${i}_bias`] = floats([channels]);
    constants[`wide${i}`] = floats([1, 1, channels, filters]);
    constants[`wide${i}_bias`] = floats([filters]);
    nodes.push(
      {
        name: `block${i}_depthwise`,
        op: 'FusedDepthwiseConv2dNative',
        input: [before, `deep${i}`, `deep${i}_bias`],
        attr: conv(stride, 'BiasAdd', 'Relu6'),
      },
      {
        name: `block${i}_pointwise`,
        op: '_FusedConv2D',
        input: [`block${i}_depthwise`, `wide${i}`, `wide${i}_bias`],
        attr: conv(1, 'BiasAdd'),
      },
    );
    const isResidual = stride === 1 && filters === channels;
    if (isResidual) {
      nodes.push({ name: `block${i}_add`, op: 'AddV2', input: [`block${i}_pointwise`, before], attr: { T: float32 } });
    }
    before = isResidual ? `block${i}_add` : `block${i}_pointwise`;
    channels = filters;
  }
  nodes.push(
    { name: 'pooled', op: 'Mean', input: [before, 'axes'], attr: { keep_dims: flag(false) } },
    {
      name: 'logits',
      op: '_FusedMatMul',
      input: ['pooled', 'classes', 'classes_bias'],
      attr: { fused_ops: texts('BiasAdd'), transpose_a: flag(false), transpose_b: flag(false), num_args: int(1) },
    },
    { name: 'Identity', op: 'Softmax', input: ['logits'], attr: { T: float32 } },
  );
  const port = (name: string, sizes: readonly number[]) => ({
    name: `${name}:0`,
    dtype: 'DT_FLOAT',
    tensorShape: { dim: sizes.map((size) => ({ size: String(size) })) },
  });
  return {
    inputs: { image: [-1, 32, 32, 3] },
    constants,
    nodes,
    signature: {
      inputs: { pixels: port('image', [-1, 32, 32, 3]) },
      outputs: { probabilities: port('Identity', [-1, 10]) },
    },
  };
}

describe('a MobileNet', () => {
  it('agrees with tfjs, under the names of its signature, and keeps one permutation, that of the input', async () => {
    const graph = mobileNet();
    const artifacts = await graphArtifacts(graph);
    const image = floats([1, 32, 32, 3], -1, 1);
    const { Identity } = await executeGraph(artifacts, { image }, ['Identity']);
    const file = write('mobilenet', writeModel(artifacts));
    expectAgreement(await runCompiled(file, { pixels: image }), { probabilities: Identity! });
    const ops: string[] = [];
    const { report } = await compile(file, {
      target: 'node',
      onStage: (event) => {
        if (event.stage === 'compress') ops.push(...event.graph.nodes.map((node) => node.op));
      },
    });
    expect(ops.filter((op) => op === 'transpose')).toHaveLength(1);
    expect(report.inputs[0]).toMatchObject({ name: 'pixels', shape: [1, 32, 32, 3] });
    expect(report.kernels.map(({ name }) => name.split(' ')[0]).filter((name) => name?.includes('transpose'))).toEqual([
      'transpose+conv+clip',
    ]);
  });
});

describe('a graph agrees with tfjs', () => {
  it('shapes that are computed become known with the batch', () =>
    check(
      'flatten',
      {
        inputs: { x: [-1, 3, 4] },
        constants: {
          zero: tf.tensor1d([0], 'int32'),
          one: tf.tensor1d([1], 'int32'),
          rest: tf.scalar(-1, 'int32'),
          w: floats([12, 5]),
        },
        nodes: [
          { name: 'shape', op: 'Shape', input: ['x'], attr: { T: float32 } },
          {
            name: 'batch',
            op: 'StridedSlice',
            input: ['shape', 'zero', 'one', 'one'],
            attr: {
              shrink_axis_mask: int(1),
              begin_mask: int(0),
              end_mask: int(0),
              ellipsis_mask: int(0),
              new_axis_mask: int(0),
            },
          },
          { name: 'sizes', op: 'Pack', input: ['batch', 'rest'], attr: { N: int(2), axis: int(0) } },
          { name: 'flat', op: 'Reshape', input: ['x', 'sizes'], attr: { T: float32 } },
          {
            name: 'y',
            op: 'MatMul',
            input: ['flat', 'w'],
            attr: { transpose_a: flag(false), transpose_b: flag(false) },
          },
        ],
      },
      { x: floats([2, 3, 4]) },
      { y: 'y' },
    ));

  it('batch norm, bias and activation as nodes of their own, channels that are cut and joined', () =>
    check(
      'branches',
      {
        inputs: { x: [1, 6, 5, 4] },
        constants: {
          w: floats([3, 3, 4, 6]),
          b: floats([6]),
          scale: floats([6]),
          offset: floats([6]),
          mean: floats([6]),
          variance: floats([6], 0.5, 1),
          axis: tf.scalar(3, 'int32'),
          two: tf.scalar(2),
        },
        nodes: [
          { name: 'c', op: 'Conv2D', input: ['x', 'w'], attr: conv(1) },
          { name: 'biased', op: 'BiasAdd', input: ['c', 'b'], attr: { data_format: text('NHWC') } },
          {
            name: 'n',
            op: 'FusedBatchNormV3',
            input: ['biased', 'scale', 'offset', 'mean', 'variance'],
            attr: { epsilon: float(0.001), data_format: text('NHWC'), is_training: flag(false) },
          },
          { name: 'split', op: 'Split', input: ['axis', 'n'], attr: { num_split: int(2) } },
          { name: 'gate', op: 'Sigmoid', input: ['split:1', '^c'], attr: { T: float32 } },
          { name: 'gated', op: 'Mul', input: ['split', 'gate'], attr: { T: float32 } },
          { name: 'doubled', op: 'Mul', input: ['gated', 'two'], attr: { T: float32 } },
          { name: 'joined', op: 'ConcatV2', input: ['doubled', 'split:1', 'axis'], attr: { N: int(2) } },
          { name: 'best', op: 'ArgMax', input: ['joined', 'axis'], attr: { output_type: type('DT_INT64') } },
        ],
      },
      { x: floats([1, 6, 5, 4]) },
      { best: 'best' },
    ));

  it('an image of which both forms are read', () =>
    check(
      'forms',
      {
        inputs: { x: [1, 4, 4, 3] },
        constants: { w: floats([3, 3, 3, 2]), sizes: tf.tensor1d([1, 32], 'int32') },
        nodes: [
          { name: 'c', op: 'Conv2D', input: ['x', 'w'], attr: conv(1) },
          { name: 'relu', op: 'Relu', input: ['c'], attr: { T: float32 } },
          { name: 'flat', op: 'Reshape', input: ['relu', 'sizes'], attr: { T: float32 } },
        ],
      },
      { x: floats([1, 4, 4, 3]) },
      { flat: 'flat' },
    ));

  it('channels first', async () => {
    // tfjs' cpu backend has no NCHW: the second opinion is the same convolution with the channels last
    const w = floats([3, 2, 4, 5]);
    const x = floats([1, 7, 6, 4]);
    const attr = { ...conv(1), strides: ints(1, 1, 2, 1), data_format: text('NCHW') };
    const artifacts = await graphArtifacts({
      inputs: { x: [1, 4, 7, 6] },
      constants: { w, b: tf.tensor1d([1, 2, 3, 4, 5]) },
      nodes: [
        { name: 'c', op: 'Conv2D', input: ['x', 'w'], attr },
        { name: 'y', op: 'BiasAdd', input: ['c', 'b'], attr: { data_format: text('NCHW') } },
      ],
    });
    const y = tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 1], 'same').add(tf.tensor1d([1, 2, 3, 4, 5]));
    const given = await runCompiled(write('nchw', writeModel(artifacts)), { x: x.transpose([0, 3, 1, 2]) });
    expectAgreement(given, { y: y.transpose([0, 3, 1, 2]).dataSync() });
  });

  it('integers: an embedding of tokens', async () => {
    const tokens = tf.tensor2d([3, 0, 2, 1], [1, 4], 'int32');
    await check(
      'tokens',
      {
        inputs: { tokens: { sizes: [1, 4], dtype: 'int32' } },
        constants: { table: floats([5, 3]), axis: tf.scalar(0, 'int32'), mean: tf.tensor1d([1], 'int32') },
        nodes: [
          { name: 'rows', op: 'GatherV2', input: ['table', 'tokens', 'axis'], attr: { batch_dims: int(0) } },
          { name: 'y', op: 'Mean', input: ['rows', 'mean'], attr: { keep_dims: flag(false) } },
        ],
      },
      { tokens },
      { y: 'y' },
    );
  });
});
