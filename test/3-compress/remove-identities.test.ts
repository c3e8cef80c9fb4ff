import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'remove-identities';

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) => {
    const x = g.input([2, 3, 4]);
    const turned = g.add('transpose', [x], { perm: [2, 0, 1] });
    const back = g.add('transpose', [turned], { perm: [1, 2, 0] });
    const flat = g.add('reshape', [g.add('reshape', [back], { shape: [6, 4] })], { shape: [24] });
    return g.add('relu', [g.add('mul', [flat, g.constant([], 1)])]);
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,3,4]
      %1 = constant "constant_5" float32[] {1}
      %2 = transpose(%0, perm=[2,0,1]) float32[4,2,3]  # "transpose"
      %3 = transpose(%2, perm=[1,2,0]) float32[2,3,4]  # "transpose"
      %4 = reshape(%3, shape=[6,4]) float32[6,4]  # "reshape"
      %5 = reshape(%4, shape=[24]) float32[24]  # "reshape"
      %6 = mul(%5, %1) float32[24]  # "mul"
      %7 = relu(%6) float32[24]  # "relu"
      output "y0" = %7 float32[24]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,3,4]
      %1 = reshape(%0, shape=[24]) float32[24]  # "reshape"
      %2 = relu(%1) float32[24]  # "relu"
      output "y0" = %2 float32[24]
    "
  `);
});

const nothing: readonly [string, (g: Sketch, x: ValueId) => ValueId][] = [
  ['identity', (g, x) => g.add('identity', [x])],
  ['a cast to the type it has', (g, x) => g.add('cast', [x], { to: 'float32' })],
  ['a reshape to the shape it has', (g, x) => g.add('reshape', [x], { shape: [2, 3, 4] })],
  ['an expansion to the shape it has', (g, x) => g.add('expand', [x], { shape: [2, 3, 4] })],
  ['a permutation in order', (g, x) => g.add('transpose', [x], { perm: [0, 1, 2] })],
  ['one tile', (g, x) => g.add('tile', [x], { repeats: [1, 1, 1] })],
  ['no padding', (g, x) => g.add('pad', [x], { pads: [0, 0, 0, 0, 0, 0] })],
  ['a whole slice', (g, x) => g.add('slice', [x], { starts: [0, 0, 0], steps: [1, 1, 1], sizes: [2, 3, 4] })],
  ['a concat of one', (g, x) => g.add('concat', [x], { axis: 1 })],
  ['a clip without bounds', (g, x) => g.add('clip', [x])],
  ['a resize to the size it has', (g, x) => g.add('resize', [x], { sizes: [2, 3, 4], scales: [1, 1, 1] })],
  ['x * 1', (g, x) => g.add('mul', [x, g.constant([], 1)])],
  ['1 * x', (g, x) => g.add('mul', [g.constant([1, 1], 1), x])],
  ['x / 1', (g, x) => g.add('div', [x, g.constant([1], 1)])],
  ['x - 0', (g, x) => g.add('sub', [x, g.constant([], 0)])],
  ['x + -0', (g, x) => g.add('add', [x, g.constant([], -0)])],
  ['x * [1, 1, ...]', (g, x) => g.add('mul', [x, g.constant([2, 3, 4], 1)])],
  ['[1, 1, ...] * x', (g, x) => g.add('mul', [g.constant([3, 1], 1), x])],
  ['x - [0, 0, ...]', (g, x) => g.add('sub', [x, g.constant([4], 0)])],
  ['a leaky relu of slope 1', (g, x) => g.add('leakyRelu', [x], { alpha: 1 })],
  ['a prelu of slope 1', (g, x) => g.add('prelu', [x, g.constant([3, 1], 1)])],
  ['max(x, 1 x), a leaky relu of slope 1', (g, x) => g.add('max', [x, g.add('mul', [x, g.constant([], 1)])])],
  ['min(x, x)', (g, x) => g.add('min', [x, x])],
  ['a choice of x and x', (g, x) => g.add('where', [g.add('less', [x, g.constant([], 0)]), x, x])],
];

describe('leaves out', () => {
  test.each(nothing)('%s', (_, draw) => {
    expect(opsAfter(pass, (g) => g.add('relu', [draw(g, g.input([2, 3, 4]))]))).toEqual(['relu']);
  });
});

const something: readonly [string, (g: Sketch, x: ValueId) => ValueId][] = [
  ['x + 0, which changes -0', (g, x) => g.add('add', [x, g.constant([], 0)])],
  ['x * 1 that adds dimensions', (g, x) => g.add('mul', [x, g.constant([1, 1, 1, 1], 1)])],
  ['x * [1, 1, ..., 2]', (g, x) => g.add('mul', [x, g.constant([4], [1, 1, 1, 2])])],
  ['x * [1, 1, ...] that repeats x', (g, x) => g.add('mul', [g.add('relu', [x]), g.constant([5, 2, 3, 4], 1)])],
  ['x - [0, -0, ...]', (g, x) => g.add('sub', [x, g.constant([4], [0, -0, 0, 0])])],
  ['a leaky relu of another slope', (g, x) => g.add('leakyRelu', [x], { alpha: 0.9999 })],
  ['a leaky relu of no given slope', (g, x) => g.add('leakyRelu', [x])],
  ['a prelu of slope 1 but for one unit', (g, x) => g.add('prelu', [x, g.constant([4], [1, 1, 0.5, 1])])],
  ['a prelu of slopes fed to it', (g, x) => g.add('prelu', [x, g.input([4])])],
  ['an elu, whose end is no line', (g, x) => g.add('elu', [x], { alpha: 1 })],
  ['1 / x', (g, x) => g.add('div', [g.constant([], 1), x])],
  ['0 - x', (g, x) => g.add('sub', [g.constant([], 0), x])],
  ['x * 1.0000001', (g, x) => g.add('mul', [x, g.constant([], 1.0000001)])],
  ['a slice from the end', (g, x) => g.add('slice', [x], { starts: [0, 0, 3], steps: [1, 1, -1], sizes: [2, 3, 4] })],
  ['a reshape of the same elements', (g, x) => g.add('reshape', [x], { shape: [3, 2, 4] })],
  ['a permutation of equal sizes', (g, x) => g.add('transpose', [x], { perm: [0, 2, 1] })],
  ['a crop', (g, x) => g.add('pad', [x], { pads: [0, 0, -1, 0, 0, 1] })],
  ['a clip with one bound', (g, x) => g.add('clip', [x], { max: 6 })],
  [
    'a resize that moves the grid',
    (g, x) => g.add('resize', [x], { sizes: [2, 3, 4], scales: [1, 1, 1.5], coordinates: 'asymmetric' }),
  ],
  ['a cast and back', (g, x) => g.add('cast', [g.add('cast', [x], { to: 'int32' })], { to: 'float32' })],
];

describe('keeps', () => {
  test.each(something)('%s', (_, draw) => expectUntouched(pass, (g) => draw(g, g.input([2, 3, 4]))));

  test('integer arithmetic', () =>
    expectUntouched(pass, (g) => g.add('mul', [g.input([3], 'int32'), g.constant([], 1, 'int32')])));
});

test('an identity between an input and an output leaves the input as output', () => {
  const { graph } = applyPass(pass, (g) => g.add('identity', [g.input([2])]));
  expect(graph.nodes).toEqual([]);
  expect(graph.outputs).toEqual([{ name: 'y0', value: graph.inputs[0] }]);
});
