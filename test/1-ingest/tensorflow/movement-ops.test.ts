import * as tf from '@tensorflow/tfjs';
import { describe, it } from 'vitest';
import { executeGraph, flag, graphArtifacts, int, ints, text, type } from '../../harness/tensorflow-graph.ts';
import { expectAgreement, modelFolder, runCompiled, writeModel } from '../../harness/tensorflow-model.ts';
import {
  type Attributes,
  checkNode,
  floats,
  image,
  integers,
  list,
  type NodeCase,
  scalar,
} from '../../harness/tensorflow-node.ts';

const write = modelFolder();

describe('a movement agrees with tfjs', () => {
  const movements: Readonly<Record<string, NodeCase>> = {
    Reshape: { op: 'Reshape', feeds: [image()], constants: [list(-1, 12)] },
    Squeeze: { op: 'Squeeze', feeds: [floats([1, 3, 1, 2])], attr: { squeeze_dims: ints(2) } },
    'Squeeze of all': { op: 'Squeeze', feeds: [floats([1, 3, 1, 2])], attr: { squeeze_dims: ints() } },
    ExpandDims: { op: 'ExpandDims', feeds: [floats([3, 2])], constants: [scalar(-1)] },
    Transpose: { op: 'Transpose', feeds: [image()], constants: [list(0, 3, 1, 2)] },
    ConcatV2: {
      op: 'ConcatV2',
      feeds: [floats([2, 3]), floats([2, 1])],
      constants: [scalar(-1)],
      attr: { N: int(2) },
    },
    Split: {
      op: 'Split',
      feeds: [floats([2, 6])],
      constants: [scalar(1)],
      order: ['c0', 'x0'],
      attr: { num_split: int(3) },
      outputs: 3,
    },
    SplitV: {
      op: 'SplitV',
      feeds: [floats([2, 6])],
      constants: [list(1, 3, 2), scalar(1)],
      attr: { num_split: int(3) },
      outputs: 3,
    },
    Slice: { op: 'Slice', feeds: [image()], constants: [list(0, 1, 2, 1), list(2, 3, -1, 2)] },
    Pad: { op: 'Pad', feeds: [image()], constants: [tf.tensor2d([0, 0, 1, 2, 0, 3, 0, 0], [4, 2], 'int32')] },
    PadV2: {
      op: 'PadV2',
      feeds: [floats([2, 3])],
      constants: [tf.tensor2d([1, 0, 0, 2], [2, 2], 'int32'), tf.scalar(-3)],
    },
    'MirrorPad reflecting': {
      op: 'MirrorPad',
      feeds: [floats([3, 4])],
      constants: [tf.tensor2d([1, 2, 3, 0], [2, 2], 'int32')],
      attr: { mode: text('REFLECT') },
    },
    'MirrorPad symmetric': {
      op: 'MirrorPad',
      feeds: [floats([3, 4])],
      constants: [tf.tensor2d([1, 2, 3, 0], [2, 2], 'int32')],
      attr: { mode: text('SYMMETRIC') },
    },
    Tile: { op: 'Tile', feeds: [floats([2, 3])], constants: [list(2, 3)] },
    Pack: { op: 'Pack', feeds: [floats([2, 3]), floats([2, 3])], attr: { axis: int(1), N: int(2) } },
    Unpack: { op: 'Unpack', feeds: [floats([2, 3])], attr: { axis: int(1), num: int(3) }, outputs: 3 },
    GatherV2: { op: 'GatherV2', feeds: [floats([4, 5]), integers([3], 0, 4)], constants: [scalar(1)] },
    GatherNd: { op: 'GatherNd', feeds: [floats([4, 5])], constants: [tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32')] },
    OneHot: {
      op: 'OneHot',
      feeds: [integers([5], 0, 3)],
      constants: [scalar(4), tf.scalar(1), tf.scalar(0)],
      attr: { axis: int(-1), dtype: type('DT_FLOAT') },
    },
    ReverseV2: { op: 'ReverseV2', feeds: [floats([3, 4])], constants: [list(1)] },
    DepthToSpace: {
      op: 'DepthToSpace',
      feeds: [floats([1, 3, 2, 8])],
      attr: { block_size: int(2), data_format: text('NHWC') },
    },
    SpaceToBatchND: {
      op: 'SpaceToBatchND',
      feeds: [floats([1, 5, 6, 2])],
      constants: [list(2, 3), tf.tensor2d([0, 1, 1, 2], [2, 2], 'int32')],
    },
    BatchToSpaceND: {
      op: 'BatchToSpaceND',
      feeds: [floats([6, 3, 3, 2])],
      constants: [list(2, 3), tf.tensor2d([0, 1, 1, 2], [2, 2], 'int32')],
    },
    BroadcastTo: { op: 'BroadcastTo', feeds: [floats([3, 1])], constants: [list(2, 3, 4)] },
    Shape: { op: 'Shape', feeds: [floats([3, 1])] },
    Size: { op: 'Size', feeds: [floats([3, 2])] },
    Rank: { op: 'Rank', feeds: [floats([3, 2])] },
  };
  it.each(Object.entries(movements))('%s', (name, c) => checkNode(write, name, c));

  const masks = (begin: number, end: number, ellipsis: number, added: number, shrink: number): Attributes => ({
    begin_mask: int(begin),
    end_mask: int(end),
    ellipsis_mask: int(ellipsis),
    new_axis_mask: int(added),
    shrink_axis_mask: int(shrink),
  });
  it.each([
    ['ranges', [1, 0], [3, -1], [1, 2], masks(0, 0, 0, 0, 0)],
    ['open ends, backwards', [0, 0], [0, 0], [-1, 1], masks(3, 3, 0, 0, 0)],
    ['one position', [2, 1], [3, 3], [1, 1], masks(0, 0, 0, 0, 1)],
    ['a new dimension', [0, 1], [0, 3], [1, 1], masks(0, 0, 0, 1, 0)],
    ['an ellipsis', [0, 1], [0, 3], [1, 1], masks(0, 0, 1, 0, 2)],
  ])('StridedSlice: %s', (name, begin, end, step, attr) =>
    checkNode(write, `strided ${name}`, {
      op: 'StridedSlice',
      feeds: [floats([4, 5, 3])],
      constants: [list(...begin), list(...end), list(...step)],
      attr,
    }),
  );

  it.each([
    ['Fill', [list(2, 3), tf.scalar(1.5)], {}],
    ['Range', [scalar(2), scalar(11), scalar(3)], { Tidx: type('DT_INT32') }],
    ['LinSpace', [tf.scalar(0), tf.scalar(1), scalar(5)], {}],
  ])('%s', async (op, constants, attr) => {
    const node = { name: 'node', op, input: constants.map((_, i) => `c${i}`), attr: { T: type('DT_FLOAT'), ...attr } };
    const artifacts = await graphArtifacts({
      inputs: {},
      constants: Object.fromEntries(constants.map((tensor, i) => [`c${i}`, tensor])),
      nodes: [node],
    });
    const expected = await executeGraph(artifacts, {}, ['node']);
    expectAgreement(await runCompiled(write(op, writeModel(artifacts)), {}), expected);
  });
});

describe('resizing agrees with tfjs', () => {
  const sizes = [
    [14, 12],
    [5, 9],
    [3, 2],
    [1, 1],
  ];
  const ways = [
    [false, false],
    [true, false],
    [false, true],
  ];
  it.each(sizes.flatMap((size) => ways.map((way) => [...size, ...way] as const)))(
    'to %i x %i, corners aligned %s, centres halved %s',
    async (h, w, corners, centres) => {
      const attr = { align_corners: flag(Boolean(corners)), half_pixel_centers: flag(Boolean(centres)) };
      const constants = [list(Number(h), Number(w))];
      const name = `${h} ${w} ${corners} ${centres}`;
      await checkNode(write, `bilinear ${name}`, { op: 'ResizeBilinear', feeds: [image()], constants, attr });
      await checkNode(write, `nearest ${name}`, { op: 'ResizeNearestNeighbor', feeds: [image()], constants, attr });
    },
  );
});
