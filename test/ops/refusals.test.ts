import { describe, expect, it } from 'vitest';
import { type Attributes, type OpName, ops } from '../../compiler/ops/index.ts';
import { OpError } from '../../compiler/ops/op.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { type TensorType, tensorType } from '../../compiler/tensor/tensor.ts';

const t = (dtype: DType, ...sizes: number[]): TensorType => tensorType(dtype, shapeOf(sizes));
const f = (...sizes: number[]): TensorType => t('float32', ...sizes);

const refused: readonly (readonly [OpName, readonly TensorType[], Attributes, string])[] = [
  ['add', [f(2)], {}, 'add takes 2 inputs, not 1'],
  ['add', [f(2), f(3)], {}, 'add: float32[2] and float32[3] do not broadcast'],
  ['add', [f(2), t('int32', 2)], {}, 'add: operands must share one element type, not float32[2], int32[2]'],
  ['mul', [t('bool', 2), t('bool', 2)], {}, 'mul: operand 0 must be numeric, not bool[2]'],
  ['exp', [t('int32', 2)], {}, 'exp: operand 0 must be float, not int32[2]'],
  ['neg', [t('uint8', 2)], {}, 'neg: operand 0 must be signed, not uint8[2]'],
  ['and', [f(1), f(1)], {}, 'and: operand 0 must be bool, not float32[1]'],
  ['where', [f(1), f(1), f(1)], {}, 'where: operand 0 must be bool, not float32[1]'],
  [
    'where',
    [t('bool', 1), f(1), t('int64', 1)],
    {},
    'where: operands must share one element type, not float32[1], int64[1]',
  ],
  ['mod', [f(1), f(1)], {}, 'mod: float32 needs fmod'],
  ['pow', [f(1), t('bool', 1)], {}, 'pow: the exponent must be numeric, not bool'],
  [
    'bitShift',
    [t('uint8', 1), t('uint8', 1)],
    { direction: 'up' },
    'bitShift: direction must be one of left, right, not "up"',
  ],
  ['cast', [f(1)], { to: 'string' }, 'cast: "to" must be an element type, not "string"'],
  ['cast', [f(1)], {}, 'cast needs the attribute "to"'],
  ['leakyRelu', [f(1)], { alpha: 'x' }, 'attribute "alpha" of leakyRelu must be a number, not "x"'],
  ['gelu', [f(1)], { approximate: 'fast' }, 'gelu: approximate must be one of none, tanh, not "fast"'],
  ['matmul', [f(2, 3)], {}, 'matmul takes (a, b), not 1 inputs'],
  ['matmul', [f(2, 3), f(2, 3)], {}, 'matmul: float32[2,3] and float32[2,3] do not fit'],
  ['matmul', [f(), f(2)], {}, 'matmul: a must have rank 1 or more, not float32[]'],
  ['matmul', [f(2, 2, 3), f(3, 3, 4)], {}, 'matmul: float32[2,2,3] and float32[3,3,4] do not fit'],
  ['linear', [f(2, 3), f(4, 5)], {}, 'linear: w must have the shape [4,3], not float32[4,5]'],
  ['linear', [f(2, 3), f(4, 3), f(5)], {}, 'linear: b must have the shape [4], not float32[5]'],
  [
    'linear',
    [f(2, 4), f(4, 4)],
    { inputScale: -1 },
    'linear: inputScale must be above 0 and its inverse a float32, not -1',
  ],
  [
    'conv',
    [f(1, 4, 5), f(4, 4, 1)],
    { inputScale: 1e-50 },
    'conv: inputScale must be above 0 and its inverse a float32, not 1e-50',
  ],
  [
    'linear',
    [f(2, 4), f(4, 4)],
    { inputZero: 3 },
    'linear: inputScale must be above 0 and its inverse a float32, not 0',
  ],
  [
    'linear',
    [f(2, 4), f(4, 4)],
    { inputScale: 1, inputZero: 128 },
    'linear: inputZero must be an integer from 0 to 127, not 128',
  ],
  [
    'linear',
    [t('float64', 2, 4), t('float64', 4, 4)],
    { inputScale: 1 },
    'linear: a quantised x must be float32, not float64[2,4]',
  ],
  ['conv', [f(1, 3, 5, 5), f(4, 2, 3, 3)], {}, 'conv: float32[1,3,5,5] and w float32[4,2,3,3] do not fit in 1 groups'],
  [
    'conv',
    [f(1, 4, 5, 5), f(3, 2, 3, 3)],
    { group: 2 },
    'conv: float32[1,4,5,5] and w float32[3,2,3,3] do not fit in 2 groups',
  ],
  ['conv', [f(1, 3, 5, 5), f(4, 3, 3)], {}, 'conv: w must have rank 4, not float32[4,3,3]'],
  ['conv', [f(3, 5), f(4, 3)], {}, 'conv: x must have rank 3 or more, not float32[3,5]'],
  ['conv', [f(1, 3, 5, 5), f(4, 3, 3, 3)], { pads: [1, 1] }, 'conv: pads must have 4 entries, not [1,1]'],
  [
    'conv',
    [f(1, 3, 5, 5), f(4, 3, 3, 3)],
    { strides: [0, 1] },
    'conv: strides must be integers of at least 1, not [0,1]',
  ],
  [
    'conv',
    [f(1, 3, 2, 5), f(4, 3, 3, 3)],
    {},
    'conv: a window of 3 does not fit spatial dimension 0 of float32[1,3,2,5] padded by 0 and 0',
  ],
  ['conv', [f(1, 3, 5, 5), f(4, 3, 3, 3), f(3)], {}, 'conv: b must have the shape [4], not float32[3]'],
  [
    'convTranspose',
    [f(1, 3, 2, 2), f(2, 3, 3, 3)],
    {},
    'convTranspose: float32[1,3,2,2] and w float32[2,3,3,3] do not fit in 1 groups',
  ],
  [
    'convTranspose',
    [f(1, 2, 1, 1), f(2, 3, 2, 2)],
    { pads: [2, 0, 2, 0] },
    'convTranspose: pads of 4 leave nothing of spatial dimension 0 of float32[1,2,1,1]',
  ],
  ['maxPool', [f(1, 3, 5, 5)], { kernel: [3] }, 'maxPool: kernel must have 2 entries, not [3]'],
  ['maxPool', [f(1, 3, 5, 5)], {}, 'maxPool needs the attribute "kernel"'],
  [
    'maxPoolIndices',
    [f(1, 1, 3)],
    { kernel: [2], storageOrder: 2 },
    'maxPoolIndices: storageOrder must be 0 or 1, not 2',
  ],
  ['averagePool', [t('int8', 1, 1, 3)], { kernel: [2] }, 'averagePool: x must be float, not int8[1,1,3]'],
  ['lpPool', [f(1, 1, 3)], { kernel: [2], p: 0 }, 'lpPool: p must be above 0, not 0'],
  [
    'reduce',
    [f(2, 3)],
    { kind: 'median', axes: [0] },
    'reduce: kind must be one of sum, mean, max, min, prod, l1, l2, logSum, logSumExp, sumSquare, not "median"',
  ],
  ['reduce', [f(2, 3)], { kind: 'sum', axes: [2] }, 'reduce: axis 2 is outside 0..1 (rank 2)'],
  ['reduce', [f(2, 3)], { kind: 'sum', axes: [1, 1] }, 'reduce: axes [1,1] name one twice'],
  ['reduce', [t('bool', 2)], { kind: 'sum', axes: [0] }, 'reduce: sum of bool'],
  ['argReduce', [f(2, 0)], { kind: 'max', axis: 1 }, 'argReduce: nothing along axis 1 of float32[2,0]'],
  ['cumSum', [f(2)], { axis: -1 }, 'cumSum: axis -1 is outside 0..0 (rank 1)'],
  ['softmax', [f(2)], { axis: 1 }, 'softmax: axis 1 is outside 0..0 (rank 1)'],
  ['batchNorm', [f(1, 3, 2), f(3), f(3), f(2), f(3)], {}, 'batchNorm: mean must have the shape [3], not float32[2]'],
  [
    'layerNorm',
    [f(2, 3), f(2)],
    { axis: 1 },
    'layerNorm: float32[2] does not broadcast to [3] (x float32[2,3], axis 1)',
  ],
  [
    'groupNorm',
    [f(1, 5, 2), f(5), f(5)],
    { groups: 2 },
    'groupNorm: 2 groups do not divide the channels of float32[1,5,2]',
  ],
  ['lrn', [f(1, 5)], { size: 0 }, 'lrn: size must be integers of at least 1, not [0]'],
  ['reshape', [f(2, 3)], { shape: [4] }, 'reshape: float32[2,3] has 6 elements, [4] 4'],
  ['reshape', [f(2, 3)], { shape: [-1] }, 'reshape: shape must be integers of at least 0, not [-1]'],
  ['transpose', [f(2, 3)], { perm: [0, 0] }, 'transpose: perm [0,0] is not a permutation of 0..1'],
  ['concat', [], { axis: 0 }, 'concat takes (first, rest...), not 0 inputs'],
  ['concat', [f(2, 3), f(3, 3)], { axis: 1 }, 'concat: float32[2,3], float32[3,3] do not fit along axis 1'],
  [
    'slice',
    [f(4)],
    { starts: [2], steps: [1], sizes: [3] },
    'slice: positions 2 to 4 of dimension 0 are outside float32[4]',
  ],
  ['pad', [f(4)], { pads: [-3, -2] }, 'pad: pads [-3,-2] crop more than dimension 0 of float32[4]'],
  ['pad', [f(0)], { pads: [1, 0], mode: 'edge' }, 'pad: edge has nothing to repeat along dimension 0 of float32[0]'],
  ['expand', [f(2)], { shape: [3] }, 'expand: float32[2] does not broadcast to [3]'],
  ['tile', [f(2)], { repeats: [1, 2] }, 'tile: repeats must have 1 entries, not [1,2]'],
  ['gather', [f(0, 2), t('int64', 1)], { axis: 0 }, 'gather: nothing to gather from in float32[0,2]'],
  ['gather', [f(2), f(1)], { axis: 0 }, 'gather: indices must be integer, not float32[1]'],
  ['gatherElements', [f(2, 2), t('int64', 1)], { axis: 0 }, 'gatherElements: indices must have rank 2, not int64[1]'],
  [
    'gatherElements',
    [f(2, 2), t('int64', 1, 3)],
    { axis: 0 },
    'gatherElements: indices int64[1,3] exceed float32[2,2] outside axis 0',
  ],
  [
    'gatherND',
    [f(2, 2), t('int64', 1, 3)],
    {},
    'gatherND: indices int64[1,3] do not fit float32[2,2] with 0 batch dimensions',
  ],
  ['oneHot', [t('int64', 2), f(3)], { depth: 2, axis: 0 }, 'oneHot: values must have the shape [2], not float32[3]'],
  ['trilu', [f(3)], {}, 'trilu: x must have rank 2 or more, not float32[3]'],
  ['resize', [f(1, 2)], { sizes: [1], scales: [1, 1] }, 'resize: sizes must have 2 entries, not [1]'],
  ['resize', [f(1, 2)], { sizes: [1, 2], scales: [1, 0] }, 'resize: scales must be above 0, not [1,0]'],
  ['resize', [f(1, 0)], { sizes: [1, 2], scales: [1, 2] }, 'resize: nothing to resample in float32[1,0]'],
  [
    'resize',
    [f(2)],
    { sizes: [4], scales: [2], coordinates: 'tf_crop_and_resize' },
    'resize: roi must have 2 entries, not []',
  ],
  [
    'attention',
    [f(2, 4), f(3, 5), f(3, 2)],
    { scale: 1 },
    'attention: q float32[2,4], k float32[3,5] and v float32[3,2] do not fit',
  ],
  [
    'attention',
    [f(2, 4), f(3, 4), f(3, 2), f(3, 3)],
    { scale: 1 },
    'attention: mask float32[3,3] does not broadcast to [..., 2, 3]',
  ],
];

describe('ops refuse', () => {
  for (const [op, inputs, attributes, message] of refused) {
    it(message, () => {
      expect(() => ops[op].infer(inputs, attributes)).toThrow(new OpError(message));
    });
  }
});
