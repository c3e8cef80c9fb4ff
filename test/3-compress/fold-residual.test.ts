import { describe, expect, test } from 'vitest';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import type { ValueId } from '../../compiler/ir/graph.ts';
import type { Attributes } from '../../compiler/ops/index.ts';
import { applyPass, expectUntouched, graphOf, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'fold-residual';

const linear = (g: Sketch, x: ValueId, n: number, k: number): ValueId =>
  g.add('linear', [x, g.constant([n, k]), g.constant([n])]);
const conv = (g: Sketch, x: ValueId, weights: readonly number[], attributes: Attributes = {}): ValueId =>
  g.add('conv', [x, g.constant(weights), g.constant([weights[0]!])], attributes);
const plus = (g: Sketch, x: ValueId, of: (x: ValueId) => ValueId): ValueId => g.add('add', [x, of(x)]);

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) => {
    const x = g.input([1, 2]);
    return g.add('add', [x, g.add('linear', [x, g.constant([2, 2], [1, 2, 3, 4]), g.constant([2], [5, 6])])]);
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2]
      %1 = constant "constant_1" float32[2,2] {1, 2, 3, 4}
      %2 = constant "constant_2" float32[2] {5, 6}
      %3 = linear(%0, %1, %2) float32[1,2]  # "linear"
      %4 = add(%0, %3) float32[1,2]  # "add"
      output "y0" = %4 float32[1,2]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2]
      %1 = constant "constant_1" float32[2,2] {2, 2, 3, 5}
      %2 = constant "constant_2" float32[2] {5, 6}
      %3 = linear(%0, %1, %2) float32[1,2]  # "add"
      output "y0" = %3 float32[1,2]
    "
  `);
});

const folded: readonly [string, 'linear' | 'conv', (g: Sketch) => ValueId][] = [
  [
    'the sum the other way round',
    'linear',
    (g) => {
      const x = g.input([4, 3]);
      return g.add('add', [linear(g, x, 3, 3), x]);
    },
  ],
  ['no bias', 'linear', (g) => plus(g, g.input([2, 5, 3]), (x) => g.add('linear', [x, g.constant([3, 3])]))],
  ['pointwise', 'conv', (g) => plus(g, g.input([2, 3, 4, 5]), (x) => conv(g, x, [3, 3, 1, 1]))],
  [
    'the middle tap',
    'conv',
    (g) => plus(g, g.input([1, 2, 5, 6]), (x) => conv(g, x, [2, 2, 3, 3], { pads: [1, 1, 1, 1] })),
  ],
  [
    'a dilated window',
    'conv',
    (g) => plus(g, g.input([1, 2, 9]), (x) => conv(g, x, [2, 2, 3], { pads: [2, 2], dilations: [2] })),
  ],
  ['padding on one side', 'conv', (g) => plus(g, g.input([1, 2, 9]), (x) => conv(g, x, [2, 2, 3], { pads: [2, 0] }))],
  ['groups', 'conv', (g) => plus(g, g.input([1, 6, 5]), (x) => conv(g, x, [6, 2, 3], { pads: [1, 1], group: 3 }))],
  [
    'one channel per group',
    'conv',
    (g) => plus(g, g.input([1, 4, 5]), (x) => conv(g, x, [4, 1, 3], { pads: [1, 1], group: 4 })),
  ],
  [
    'a batch normalisation beside it, as a scale and a shift',
    'conv',
    (g) => {
      const x = g.input([1, 4, 5, 5]);
      const skip = g.add('add', [g.add('mul', [x, g.constant([4, 1, 1])]), g.constant([4, 1, 1])]);
      return g.add('add', [conv(g, x, [4, 2, 3, 3], { pads: [1, 1, 1, 1], group: 2 }), skip]);
    },
  ],
  [
    'a shift without a bias to join',
    'linear',
    (g) => {
      const x = g.input([2, 3]);
      return g.add('add', [g.add('linear', [x, g.constant([3, 3])]), g.add('sub', [g.constant([3]), x])]);
    },
  ],
];
test.each(folded)('%s', (_, op, draw) => expect(opsAfter(pass, draw)).toEqual([op]));

const untouched: readonly [string, (g: Sketch) => ValueId][] = [
  ['the sum with another value', (g) => g.add('add', [g.input([2, 3]), linear(g, g.input([2, 3]), 3, 3)])],
  ['a sum that broadcasts', (g) => plus(g, g.input([2, 1]), (x) => linear(g, x, 3, 1))],
  [
    'a branch read elsewhere',
    (g) => {
      const x = g.input([2, 3]);
      const y = linear(g, x, 3, 3);
      return g.add('mul', [g.add('add', [x, y]), y]);
    },
  ],
  ['an activation between', (g) => plus(g, g.input([2, 3]), (x) => g.add('relu', [linear(g, x, 3, 3)]))],
  ['padding wider than the window', (g) => plus(g, g.input([1, 2, 1]), (x) => conv(g, x, [2, 2, 2], { pads: [2, 0] }))],
  [
    'dilation that steps over its own position',
    (g) => plus(g, g.input([1, 2, 9]), (x) => conv(g, x, [2, 2, 3], { pads: [1, 3], dilations: [2] })),
  ],
  ['strides', (g) => plus(g, g.input([1, 2, 1]), (x) => conv(g, x, [2, 2, 1], { strides: [2] }))],
  [
    'tied weights',
    (g) => {
      const [x, w] = [g.input([2, 3]), g.constant([3, 3])];
      return g.add('mul', [g.add('add', [x, g.add('linear', [x, w])]), g.add('linear', [g.input([2, 3]), w])]);
    },
  ],
  [
    'a scale by position',
    (g) => {
      const x = g.input([1, 2, 5]);
      return g.add('add', [g.add('mul', [x, g.constant([5])]), conv(g, x, [2, 2, 1])]);
    },
  ],
  [
    'a scaled value read elsewhere',
    (g) => {
      const x = g.input([2, 3]);
      const scaled = g.add('mul', [x, g.constant([3])]);
      g.output(scaled);
      return g.add('add', [scaled, linear(g, x, 3, 3)]);
    },
  ],
];
test.each(untouched)('leaves %s', (_, draw) => expectUntouched(pass, draw));

describe('with merge-linear, to a fixed point', () => {
  const opsOf = (draw: (g: Sketch) => ValueId) => optimise(graphOf(draw)).graph.nodes.map(({ op }) => op);

  test('a chain of linear residual blocks folds into the next layer', () =>
    expect(
      opsOf((g) => {
        let x = linear(g, g.input([2, 5]), 4, 5);
        for (let i = 0; i < 3; i++) x = plus(g, x, (v) => linear(g, v, 4, 4));
        return linear(g, x, 3, 4);
      }),
    ).toEqual(['linear']));

  test('two layers in a branch', () =>
    expect(opsOf((g) => plus(g, g.input([2, 3]), (x) => linear(g, linear(g, x, 8, 3), 3, 8)))).toEqual(['linear']));

  test('a bottleneck that the next layer opens', () =>
    expect(opsOf((g) => linear(g, linear(g, linear(g, g.input([2, 100]), 10, 100), 100, 10), 5, 100))).toEqual([
      'linear',
    ]));

  test('an activation stops it', () =>
    expect(opsOf((g) => linear(g, g.add('relu', [plus(g, g.input([2, 3]), (x) => linear(g, x, 3, 3))]), 3, 3))).toEqual(
      ['linear', 'relu', 'linear'],
    ));
});
