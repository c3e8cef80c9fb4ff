import { describe, it } from 'vitest';
import { flag, float, int, ints } from '../../harness/tensorflow-graph.ts';
import { modelFolder } from '../../harness/tensorflow-model.ts';
import {
  type Attributes,
  booleans,
  checkNode,
  floats,
  image,
  list,
  scalar,
  windows,
} from '../../harness/tensorflow-node.ts';

const write = modelFolder();

describe('pooling and normalisation agree with tfjs', () => {
  const pool = (kernel: readonly number[], strides: readonly number[], padding: string): Attributes =>
    windows(strides, padding, { ksize: ints(1, ...kernel, 1) });
  it.each([
    ['same', pool([3, 3], [2, 2], 'SAME')],
    ['valid', pool([2, 3], [1, 2], 'VALID')],
    ['same of even windows', pool([2, 4], [1, 1], 'SAME')],
  ])('MaxPool and AvgPool: %s', async (name, attr) => {
    await checkNode(write, `max ${name}`, { op: 'MaxPool', feeds: [image()], attr });
    await checkNode(write, `avg ${name}`, { op: 'AvgPool', feeds: [image()], attr });
  });
  it.each(['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'])('%s', (op) =>
    checkNode(write, op, {
      op,
      feeds: [image()],
      constants: [floats([4]), floats([4]), floats([4]), floats([4], 0.5, 2)],
      attr: { epsilon: float(0.01), is_training: flag(false) },
    }),
  );
  it('BiasAdd', () => checkNode(write, 'bias', { op: 'BiasAdd', feeds: [image()], constants: [floats([4])] }));
  it('LRN', () =>
    checkNode(write, 'lrn', {
      op: 'LRN',
      feeds: [image()],
      attr: { depth_radius: int(1), bias: float(1.5), alpha: float(0.4), beta: float(0.75) },
    }));
});

describe('a reduction agrees with tfjs', () => {
  it.each(['Mean', 'Sum', 'Max', 'Min', 'Prod'])('%s', async (op) => {
    await checkNode(write, `${op} 1`, {
      op,
      feeds: [image()],
      constants: [list(1, 2)],
      attr: { keep_dims: flag(false) },
    });
    await checkNode(write, `${op} 2`, {
      op,
      feeds: [floats([3, 4])],
      constants: [list(-1)],
      attr: { keep_dims: flag(true) },
    });
  });
  it.each(['All', 'Any'])('%s', (op) =>
    checkNode(write, op, { op, feeds: [booleans([6, 3])], constants: [list(1)], attr: { keep_dims: flag(false) } }),
  );
  it.each(['ArgMax', 'ArgMin'])('%s', (op) =>
    checkNode(write, op, { op, feeds: [floats([4, 5])], constants: [scalar(1)] }),
  );
  it('Cumsum', () =>
    checkNode(write, 'cumsum', {
      op: 'Cumsum',
      feeds: [floats([3, 5])],
      constants: [scalar(1)],
      attr: { exclusive: flag(true), reverse: flag(true) },
    }));
});
