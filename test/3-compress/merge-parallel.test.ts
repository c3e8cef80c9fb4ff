import { describe, expect, test } from 'vitest';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import type { ValueId } from '../../compiler/ir/graph.ts';
import type { Attributes } from '../../compiler/ops/index.ts';
import { applyPass, expectUntouched, graphOf, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'merge-linear';
const conv = (g: Sketch, x: ValueId, weights: readonly number[], attributes: Attributes = {}, bias = true): ValueId =>
  g.add('conv', [x, g.constant(weights), ...(bias ? [g.constant([weights[0]!])] : [])], attributes);
const linear = (g: Sketch, x: ValueId, n: number, k: number): ValueId => g.add('linear', [x, g.constant([n, k])]);

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) => {
    const x = g.input([1, 1, 4]);
    const wide = g.add('conv', [x, g.constant([1, 1, 3], [1, 2, 3]), g.constant([1], [10])], { pads: [1, 1] });
    return g.add('add', [wide, g.add('conv', [x, g.constant([1, 1, 1], [5]), g.constant([1], [7])])]);
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,1,4]
      %1 = constant "constant_1" float32[1,1,3] {1, 2, 3}
      %2 = constant "constant_2" float32[1] {10}
      %3 = constant "constant_4" float32[1,1,1] {5}
      %4 = constant "constant_5" float32[1] {7}
      %5 = conv(%0, %1, %2, pads=[1,1]) float32[1,1,4]  # "conv"
      %6 = conv(%0, %3, %4) float32[1,1,4]  # "conv"
      %7 = add(%5, %6) float32[1,1,4]  # "add"
      output "y0" = %7 float32[1,1,4]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,1,4]
      %1 = constant "constant_1" float32[1,1,3] {1, 7, 3}
      %2 = constant "constant_2" float32[1] {17}
      %3 = conv(%0, %1, %2, pads=[1,1]) float32[1,1,4]  # "add"
      output "y0" = %3 float32[1,1,4]
    "
  `);
});

const image = [1, 4, 6, 6];
const sums: readonly [string, (g: Sketch, x: ValueId) => readonly [ValueId, ValueId]][] = [
  [
    '3 x 3 and 1 x 1',
    (g, x) => [conv(g, x, [4, 4, 3, 3], { pads: [1, 1, 1, 1] }), conv(g, x, [4, 4, 1, 1], {}, false)],
  ],
  ['1 x 1 and 3 x 3', (g, x) => [conv(g, x, [4, 4, 1, 1]), conv(g, x, [4, 4, 3, 3], { pads: [1, 1, 1, 1] }, false)]],
  [
    'with strides and groups',
    (g, x) => [
      conv(g, x, [4, 2, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2], group: 2 }),
      conv(g, x, [4, 2, 1, 1], { strides: [2, 2], group: 2 }),
    ],
  ],
  [
    '5 x 3 and a dilated 3 x 1',
    (g, x) => [
      conv(g, x, [4, 4, 5, 3], { pads: [2, 1, 2, 1] }),
      conv(g, x, [4, 4, 3, 1], { pads: [2, 0, 2, 0], dilations: [2, 1] }),
    ],
  ],
];

describe('sums', () => {
  test.each(sums)('%s', (_, draw) =>
    expect(opsAfter(pass, (g) => g.add('add', [...draw(g, g.input(image))]))).toEqual(['conv']),
  );

  test('linear layers', () =>
    expect(
      opsAfter(pass, (g) => {
        const x = g.input([2, 3]);
        return g.add('add', [linear(g, x, 4, 3), linear(g, x, 4, 3)]);
      }),
    ).toEqual(['linear']));

  test('all branches of a RepVGG block, in any order', () => {
    const order = (draw: (g: Sketch, x: ValueId) => ValueId) => optimise(graphOf((g) => draw(g, g.input(image)))).graph;
    const wide = (g: Sketch, x: ValueId) => conv(g, x, [4, 4, 3, 3], { pads: [1, 1, 1, 1] });
    const narrow = (g: Sketch, x: ValueId) => conv(g, x, [4, 4, 1, 1]);
    const normalised = (g: Sketch, x: ValueId) =>
      g.add('batchNorm', [x, g.constant([4]), g.constant([4]), g.constant([4]), g.constant([4])]);
    const graphs = [
      order((g, x) =>
        g.add('add', [g.add('add', [normalised(g, wide(g, x)), normalised(g, narrow(g, x))]), normalised(g, x)]),
      ),
      order((g, x) => g.add('add', [g.add('add', [wide(g, x), narrow(g, x)]), x])),
      order((g, x) => g.add('add', [g.add('add', [x, narrow(g, x)]), wide(g, x)])),
    ];
    expect(graphs.map(({ nodes }) => nodes.map(({ op }) => op))).toEqual([['conv'], ['conv'], ['conv']]);
  });
});

const others: readonly [string, (g: Sketch) => ValueId][] = [
  ['different inputs', (g) => g.add('add', [linear(g, g.input([2, 3]), 4, 3), linear(g, g.input([2, 3]), 4, 3)])],
  [
    'a branch read elsewhere',
    (g) => {
      const x = g.input([2, 3]);
      const branch = linear(g, x, 4, 3);
      g.output(branch);
      return g.add('add', [branch, linear(g, x, 4, 3)]);
    },
  ],
  [
    'a value and itself',
    (g) => {
      const branch = linear(g, g.input([2, 3]), 4, 3);
      return g.add('add', [branch, branch]);
    },
  ],
  [
    'sums that broadcast',
    (g) => {
      const x = g.input([2, 3]);
      return g.add('add', [linear(g, x, 4, 3), linear(g, x, 1, 3)]);
    },
  ],
  [
    'other groups',
    (g) => {
      const x = g.input([1, 4, 6]);
      return g.add('add', [conv(g, x, [4, 2, 1], { group: 2 }), conv(g, x, [4, 4, 1])]);
    },
  ],
  [
    'taps that the other lacks',
    (g) => {
      const x = g.input([1, 4, 6]);
      return g.add('add', [conv(g, x, [4, 4, 3], { pads: [2, 0] }), conv(g, x, [4, 4, 3], { pads: [0, 2] })]);
    },
  ],
  [
    'taps between those of the other',
    (g) => {
      const x = g.input([1, 4, 8]);
      return g.add('add', [
        conv(g, x, [4, 4, 2], { pads: [1, 1], dilations: [2] }),
        conv(g, x, [4, 4, 3], { pads: [2, 2], dilations: [2] }),
      ]);
    },
  ],
];
test.each(others)('leaves %s', (_, draw) => expectUntouched(pass, draw));
