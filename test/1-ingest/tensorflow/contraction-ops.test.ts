import type * as tf from '@tensorflow/tfjs';
import { describe, it } from 'vitest';
import { flag, float, int, ints, text, texts } from '../../harness/tensorflow-graph.ts';
import { modelFolder } from '../../harness/tensorflow-model.ts';
import { type Attributes, checkNode, floats, image, list, windows } from '../../harness/tensorflow-node.ts';

const write = modelFolder();

describe('a convolution agrees with tfjs', () => {
  const kernel = (): tf.Tensor => floats([3, 2, 4, 5]);
  it.each([
    ['same', windows([1, 1], 'SAME')],
    ['same, strides', windows([2, 3], 'SAME')],
    ['valid', windows([2, 1], 'VALID', { data_format: text('NHWC') })],
    ['dilations', windows([1, 1], 'SAME', { dilations: ints(1, 2, 3, 1) })],
    ['explicit', windows([2, 2], 'EXPLICIT', { explicit_paddings: ints(0, 0, 1, 2, 0, 1, 0, 0) })],
  ])('Conv2D: %s', (name, attr) =>
    checkNode(write, `conv ${name}`, { op: 'Conv2D', feeds: [image()], constants: [kernel()], attr }),
  );

  it.each([
    ['same', windows([2, 2], 'SAME')],
    ['valid, dilations', windows([1, 1], 'VALID', { dilations: ints(1, 2, 2, 1) })],
  ])('DepthwiseConv2dNative: %s', (name, attr) =>
    checkNode(write, `depthwise ${name}`, {
      op: 'DepthwiseConv2dNative',
      feeds: [image()],
      constants: [floats([3, 3, 4, 2])],
      attr,
    }),
  );

  it.each([
    ['same', windows([2, 2], 'SAME'), [2, 13, 12, 5]],
    ['valid', windows([2, 3], 'VALID'), [2, 15, 17, 5]],
  ])('Conv2DBackpropInput: %s', (name, attr, sizes) =>
    checkNode(write, `back ${name}`, {
      op: 'Conv2DBackpropInput',
      feeds: [image()],
      constants: [list(...sizes), floats([3, 2, 5, 4])],
      attr,
      order: ['c0', 'c1', 'x0'],
    }),
  );

  it('Conv3D', () =>
    checkNode(write, 'conv3d', {
      op: 'Conv3D',
      feeds: [floats([1, 4, 5, 6, 2])],
      constants: [floats([2, 3, 2, 2, 3])],
      attr: windows([2, 1, 2], 'SAME', { data_format: text('NDHWC') }),
    }));

  const fused = (...ops: string[]): Attributes =>
    windows([1, 1], 'SAME', { fused_ops: texts(...ops), num_args: int(1), leakyrelu_alpha: float(0.3) });
  it.each(['Relu', 'Relu6', 'Elu', 'Sigmoid', 'LeakyRelu'])('_FusedConv2D: BiasAdd and %s', (activation) =>
    checkNode(write, `fused ${activation}`, {
      op: '_FusedConv2D',
      feeds: [image()],
      constants: [kernel(), floats([5])],
      attr: fused('BiasAdd', activation),
    }),
  );
  it('_FusedConv2D: BiasAdd', () =>
    checkNode(write, 'fused bias', {
      op: '_FusedConv2D',
      feeds: [image()],
      constants: [kernel(), floats([5])],
      attr: fused('BiasAdd'),
    }));
  it('_FusedConv2D: BiasAdd and Prelu', () =>
    checkNode(write, 'fused prelu', {
      op: '_FusedConv2D',
      feeds: [image()],
      constants: [kernel(), floats([5]), floats([5])],
      attr: { ...fused('BiasAdd', 'Prelu'), num_args: int(2) },
    }));
  it('FusedDepthwiseConv2dNative', () =>
    checkNode(write, 'fused depthwise', {
      op: 'FusedDepthwiseConv2dNative',
      feeds: [image()],
      constants: [floats([3, 3, 4, 1]), floats([4])],
      attr: fused('BiasAdd', 'Relu6'),
    }));
});

describe('a product agrees with tfjs', () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('MatMul, transposed %s %s, by a constant and by an input', async (a, b) => {
    const [left, right] = [floats(a ? [4, 3] : [3, 4]), floats(b ? [5, 4] : [4, 5])];
    const attr = { transpose_a: flag(a), transpose_b: flag(b) };
    await checkNode(write, `matmul ${a} ${b}`, { op: 'MatMul', feeds: [left], constants: [right], attr });
    await checkNode(write, `matmul fed ${a} ${b}`, { op: 'MatMul', feeds: [left, right], attr });
    await checkNode(write, `batch ${a} ${b}`, {
      op: 'BatchMatMulV2',
      feeds: [left.tile([2, 1]).reshape([2, ...left.shape]), right.expandDims(0)],
      attr: { adj_x: flag(a), adj_y: flag(b) },
    });
  });
  it('_FusedMatMul', () =>
    checkNode(write, 'fused matmul', {
      op: '_FusedMatMul',
      feeds: [floats([3, 4])],
      constants: [floats([4, 5]), floats([5])],
      attr: { fused_ops: texts('BiasAdd', 'Relu'), num_args: int(1) },
    }));
});

describe('Einsum agrees with tfjs', () => {
  it.each([
    ['abc,cde->abde', [2, 3, 4], [4, 2, 5]],
    ['aecd,abcd->acbe', [2, 3, 4, 5], [2, 6, 4, 5]],
    ['ij,jk->ki', [2, 3], [3, 4]],
  ])('%s', async (equation, a, b) => {
    const attr = { equation: text(equation), N: int(2) };
    await checkNode(write, `einsum ${equation}`, { op: 'Einsum', feeds: [floats(a), floats(b)], attr });
    await checkNode(write, `einsum known ${equation}`, {
      op: 'Einsum',
      feeds: [floats(a)],
      constants: [floats(b)],
      attr,
    });
  });
});
