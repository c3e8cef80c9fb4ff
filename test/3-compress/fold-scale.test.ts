import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import type { Attributes } from '../../compiler/ops/index.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'fold-scale';

type Draw = (g: Sketch, x: ValueId) => ValueId;

const conv =
  (weights: readonly number[], attributes: Attributes = {}, bias = false): Draw =>
  (g, x) =>
    g.add('conv', [x, g.constant(weights), ...(bias ? [g.constant([weights[0]!])] : [])], attributes);
const linear: Draw = (g, x) => g.add('linear', [x, g.constant([3, 4])]);
const turned: Draw = (g, x) => g.add('convTranspose', [x, g.constant([4, 3, 2])], { strides: [2] });

test('before and after: behind', () => {
  const { before, after } = applyPass(pass, (g) => {
    const y = g.add('linear', [g.input([1, 2]), g.constant([2, 2], [1, 2, 3, 4]), g.constant([2], [1, 2])]);
    return g.add('add', [g.add('mul', [y, g.constant([1, 2], [10, 100])]), g.constant([], 5)]);
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2]
      %1 = constant "constant_1" float32[2,2] {1, 2, 3, 4}
      %2 = constant "constant_2" float32[2] {1, 2}
      %3 = constant "constant_4" float32[1,2] {10, 100}
      %4 = constant "constant_6" float32[] {5}
      %5 = linear(%0, %1, %2) float32[1,2]  # "linear"
      %6 = mul(%5, %3) float32[1,2]  # "mul"
      %7 = add(%6, %4) float32[1,2]  # "add"
      output "y0" = %7 float32[1,2]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2]
      %1 = constant "constant_1" float32[2,2] {10, 20, 300, 400}
      %2 = constant "constant_2" float32[2] {15, 205}
      %3 = linear(%0, %1, %2) float32[1,2]  # "linear"
      output "y0" = %3 float32[1,2]
    "
  `);
});

test('before and after: ahead, through a flattening', () => {
  const { before, after } = applyPass(pass, (g) => {
    const scaled = g.add('mul', [g.add('relu', [g.input([1, 2, 1, 2])]), g.constant([2, 1, 1], [10, 100])]);
    const flat = g.add('reshape', [g.add('add', [scaled, g.constant([2, 1, 1], [1, -1])])], { shape: [1, 4] });
    return g.add('linear', [flat, g.constant([1, 4], [1, 2, 3, 4])]);
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2,1,2]
      %1 = constant "constant_2" float32[2,1,1] {10, 100}
      %2 = constant "constant_4" float32[2,1,1] {1, -1}
      %3 = constant "constant_7" float32[1,4] {1, 2, 3, 4}
      %4 = relu(%0) float32[1,2,1,2]  # "relu"
      %5 = mul(%4, %1) float32[1,2,1,2]  # "mul"
      %6 = add(%5, %2) float32[1,2,1,2]  # "add"
      %7 = reshape(%6, shape=[1,4]) float32[1,4]  # "reshape"
      %8 = linear(%7, %3) float32[1,1]  # "linear"
      output "y0" = %8 float32[1,1]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2,1,2]
      %1 = constant "constant_7" float32[1,4] {10, 20, 300, 400}
      %2 = constant "constant_7.bias" float32[1] {-4}
      %3 = relu(%0) float32[1,2,1,2]  # "relu"
      %4 = reshape(%3, shape=[1,4]) float32[1,4]  # "reshape"
      %5 = linear(%4, %1, %2) float32[1,1]  # "linear"
      output "y0" = %5 float32[1,1]
    "
  `);
});

/** [name, input sizes, layer, sizes of the constant] */
const behind: readonly [string, readonly number[], Draw, readonly number[]][] = [
  ['conv, per channel', [2, 4, 5], conv([3, 4, 2]), [3, 1]],
  ['conv, per channel with a leading one', [2, 4, 5], conv([3, 4, 2], {}, true), [1, 3, 1]],
  ['conv, a scalar', [2, 4, 5], conv([3, 4, 2]), []],
  ['padded conv', [1, 4, 5], conv([3, 4, 3], { pads: [1, 1] }), [3, 1]],
  ['grouped conv', [1, 4, 5, 5], conv([6, 2, 3, 3], { group: 2 }), [6, 1, 1]],
  ['linear, per column', [2, 5, 4], linear, [3]],
  ['transposed conv', [2, 4, 5], turned, [1, 3, 1]],
];
const steps: readonly [string, (g: Sketch, y: ValueId, c: ValueId) => ValueId][] = [
  ['y * c', (g, y, c) => g.add('mul', [y, c])],
  ['c * y', (g, y, c) => g.add('mul', [c, y])],
  ['y + c', (g, y, c) => g.add('add', [y, c])],
  ['y - c', (g, y, c) => g.add('sub', [y, c])],
  ['c - y', (g, y, c) => g.add('sub', [c, y])],
  ['y / c', (g, y, c) => g.add('div', [y, c])],
];

describe.each(behind)('behind %s', (_, sizes, layer, constant) => {
  test.each(steps)('%s', (_, step) => {
    const ops = opsAfter(pass, (g) => step(g, layer(g, g.input(sizes)), g.constant(constant)));
    expect(ops).toHaveLength(1);
  });
});

const ahead: readonly [string, readonly number[], Draw, readonly number[]][] = [
  ['conv, per channel', [2, 4, 5], conv([3, 4, 2]), [4, 1]],
  ['grouped conv', [1, 4, 5, 5], conv([6, 2, 3, 3], { group: 2 }, true), [1, 4, 1, 1]],
  ['depthwise conv', [1, 4, 5], conv([8, 1, 3], { group: 4 }), [4, 1]],
  ['linear, per row', [2, 5, 4], linear, [4]],
  ['linear, a scalar', [2, 4], linear, []],
  ['linear through a reshape', [3, 2, 2], (g, x) => linear(g, g.add('reshape', [x], { shape: [3, 4] })), [2, 1]],
];

describe.each(ahead)('ahead of %s', (_, sizes, layer, constant) => {
  test.each(steps)('%s', (_, step) => {
    const ops = opsAfter(pass, (g) => layer(g, step(g, g.add('relu', [g.input(sizes)]), g.constant(constant))));
    expect(ops.filter((op) => op !== 'reshape')).toHaveLength(2);
  });
});

test('a scale passes padding and transposed convolutions', () => {
  const scaled = (layer: Draw) =>
    opsAfter(pass, (g) => layer(g, g.add('mul', [g.input([1, 4, 5]), g.constant([4, 1])])));
  expect(scaled(conv([3, 4, 3], { pads: [1, 1] }))).toEqual(['conv']);
  expect(scaled(turned)).toEqual(['convTranspose']);
});

const others: readonly [string, (g: Sketch) => ValueId][] = [
  [
    'a shift ahead of padding',
    (g) => conv([3, 4, 3], { pads: [1, 0] })(g, g.add('add', [g.input([1, 4, 5]), g.constant([4, 1])])),
  ],
  [
    'a shift ahead of a transposed convolution',
    (g) => turned(g, g.add('add', [g.input([1, 4, 5]), g.constant([4, 1])])),
  ],
  ['a scale per position', (g) => g.add('mul', [conv([3, 4, 1])(g, g.input([1, 4, 3])), g.constant([3])])],
  ['a scale per image', (g) => g.add('mul', [conv([3, 4, 1])(g, g.input([3, 4, 2])), g.constant([3, 1, 1])])],
  ['a shift per row of a linear layer', (g) => g.add('add', [linear(g, g.input([3, 4])), g.constant([3, 1])])],
  ['a constant that enlarges', (g) => g.add('add', [linear(g, g.input([1, 4])), g.constant([5, 3])])],
  ['a constant that adds dimensions', (g) => g.add('add', [linear(g, g.input([2, 4])), g.constant([1, 1, 3])])],
  ['a constant that enlarges ahead', (g) => linear(g, g.add('add', [g.input([1, 4]), g.constant([5, 4])]))],
  ['a constant that widens ahead', (g) => linear(g, g.add('add', [g.input([2, 1]), g.constant([4])]))],
  ['a scale per row ahead', (g) => linear(g, g.add('mul', [g.input([3, 4]), g.constant([3, 1])]))],
  [
    'a reshape that mixes rows',
    (g) => linear(g, g.add('reshape', [g.add('mul', [g.input([2, 6]), g.constant([6])])], { shape: [3, 4] })),
  ],
  ['c / y', (g) => g.add('div', [g.constant([3]), linear(g, g.input([2, 4]))])],
  ['a live scale', (g) => g.add('mul', [linear(g, g.input([2, 4])), g.input([3])])],
  ['a product of two live values', (g) => linear(g, g.add('mul', [g.input([2, 4]), g.input([4])]))],
  ['a division by zero', (g) => g.add('div', [linear(g, g.input([2, 4])), g.constant([3], [1, 0, 2])])],
  ['a scale that overflows float32', (g) => g.add('mul', [linear(g, g.input([2, 4])), g.constant([3], 3e38)])],
  [
    'integers',
    (g) =>
      g.add('add', [
        g.add('linear', [g.input([2, 3], 'int32'), g.constant([2, 3], 2, 'int32')]),
        g.constant([2], 3, 'int32'),
      ]),
  ],
  [
    'a layer that is an output',
    (g) => {
      const y = linear(g, g.input([2, 4]));
      g.output(y);
      return g.add('mul', [y, g.constant([3])]);
    },
  ],
  [
    'a scaled value that is read elsewhere',
    (g) => {
      const x = g.add('mul', [g.input([2, 4]), g.constant([4])]);
      g.output(x);
      return linear(g, x);
    },
  ],
  [
    'tied weights',
    (g) => {
      const [a, b, w] = [g.input([2, 4]), g.input([2, 4]), g.constant([3, 4])];
      const scaled = g.add('mul', [g.add('linear', [a, w]), g.constant([3])]);
      return g.add('add', [scaled, g.add('linear', [b, w])]);
    },
  ],
];

describe('leaves', () => {
  test.each(others)('%s', (_, draw) => expectUntouched(pass, draw));
});
