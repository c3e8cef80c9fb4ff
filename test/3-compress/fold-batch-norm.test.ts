import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import type { Attributes } from '../../compiler/ops/index.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'fold-batch-norm';

const batchNorm = (g: Sketch, x: ValueId, channels: number, attributes: Attributes = {}): ValueId =>
  g.add('batchNorm', [x, ...[0, 1, 2, 3].map(() => g.constant([channels]))], attributes);

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) => {
    const x = g.input([1, 2, 3, 3]);
    const y = g.add('conv', [x, g.constant([2, 2, 1, 1], [1, 2, 3, 4]), g.constant([2], [1, 2])]);
    const parameters = [
      [1, 2],
      [3, 4],
      [5, 6],
      [3, 15],
    ].map((values) => g.constant([2], values));
    return g.add('batchNorm', [y, ...parameters], { epsilon: 1 });
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2,3,3]
      %1 = constant "constant_1" float32[2,2,1,1] {1, 2, 3, 4}
      %2 = constant "constant_2" float32[2] {1, 2}
      %3 = constant "constant_4" float32[2] {1, 2}
      %4 = constant "constant_5" float32[2] {3, 4}
      %5 = constant "constant_6" float32[2] {5, 6}
      %6 = constant "constant_7" float32[2] {3, 15}
      %7 = conv(%0, %1, %2) float32[1,2,3,3]  # "conv"
      %8 = batchNorm(%7, %3, %4, %5, %6, epsilon=1) float32[1,2,3,3]  # "batchNorm"
      output "y0" = %8 float32[1,2,3,3]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2,3,3]
      %1 = constant "constant_1" float32[2,2,1,1] {0.5, 1, 1.5, 2}
      %2 = constant "constant_2" float32[2] {1, 2}
      %3 = conv(%0, %1, %2) float32[1,2,3,3]  # "conv"
      output "y0" = %3 float32[1,2,3,3]
    "
  `);
});

const layers: readonly [string, string, (g: Sketch) => ValueId][] = [
  [
    'a grouped convolution',
    'conv',
    (g) => g.add('conv', [g.input([2, 4, 5, 5]), g.constant([6, 2, 3, 3])], { group: 2 }),
  ],
  [
    'a depthwise convolution',
    'conv',
    (g) => g.add('conv', [g.input([1, 6, 5]), g.constant([6, 1, 3])], { group: 6, pads: [1, 1] }),
  ],
  [
    'a transposed convolution',
    'convTranspose',
    (g) => g.add('convTranspose', [g.input([1, 3, 4, 4]), g.constant([3, 6, 2, 2])], { strides: [2, 2] }),
  ],
  [
    'a grouped transposed convolution',
    'convTranspose',
    (g) => g.add('convTranspose', [g.input([1, 4, 4]), g.constant([4, 3, 2]), g.constant([6])], { group: 2 }),
  ],
  ['a linear layer of rows', 'linear', (g) => g.add('linear', [g.input([4, 3]), g.constant([6, 3])])],
];

describe('folds into', () => {
  test.each(layers)('%s', (_, op, draw) => expect(opsAfter(pass, (g) => batchNorm(g, draw(g), 6))).toEqual([op]));
});

const apart: readonly [string, (g: Sketch) => ValueId, number][] = [
  ['an input', (g) => g.input([2, 3, 4]), 3],
  ['one dimension', (g) => g.input([4]), 1],
  ['an activation', (g) => g.add('relu', [g.add('conv', [g.input([1, 2, 4]), g.constant([3, 2, 1])])]), 3],
  [
    'a linear layer whose channels are not its columns',
    (g) => g.add('linear', [g.input([2, 5, 3]), g.constant([5, 3])]),
    5,
  ],
  ['a convolution with live weights', (g) => g.add('conv', [g.input([1, 2, 4]), g.input([3, 2, 1])]), 3],
  [
    'a convolution with a live bias',
    (g) => g.add('conv', [g.input([1, 2, 4]), g.constant([3, 2, 1]), g.input([3])]),
    3,
  ],
  [
    'a convolution that is read elsewhere',
    (g) => {
      const y = g.add('conv', [g.input([1, 2, 4]), g.constant([3, 2, 1])]);
      g.output(y);
      return y;
    },
    3,
  ],
  [
    'a convolution whose weights are tied',
    (g) => {
      const [x, w] = [g.input([1, 2, 4]), g.constant([3, 2, 1])];
      g.output(g.add('conv', [g.add('exp', [x]), w]));
      return g.add('conv', [x, w]);
    },
    3,
  ],
];

describe('becomes a multiplication and an addition behind', () => {
  test.each(apart)('%s', (_, draw, channels) =>
    expect(opsAfter(pass, (g) => batchNorm(g, draw(g), channels)).slice(-2)).toEqual(['mul', 'add']),
  );
});

test('live parameters stay', () =>
  expectUntouched(pass, (g) =>
    g.add('batchNorm', [g.input([2, 3]), g.constant([3]), g.constant([3]), g.input([3]), g.constant([3])]),
  ));

test('a deviation of 0 stays', () =>
  expectUntouched(pass, (g) =>
    g.add('batchNorm', [g.input([2, 3]), g.constant([3]), g.constant([3]), g.constant([3]), g.constant([3], 0)], {
      epsilon: 0,
    }),
  ));
