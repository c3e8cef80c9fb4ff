import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'share-subexpressions';

test('before and after', () => {
  const { before, after, changes } = applyPass(pass, (g) => {
    const x = g.input([2, 3]);
    const half = () => g.add('mul', [x, g.constant([], 0.5)]);
    return g.add('add', [g.add('exp', [half()]), g.add('sin', [g.add('exp', [half()])])]);
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,3]
      %1 = constant "constant_1" float32[] {0.5}
      %2 = constant "constant_4" float32[] {0.5}
      %3 = mul(%0, %1) float32[2,3]  # "mul"
      %4 = exp(%3) float32[2,3]  # "exp"
      %5 = mul(%0, %2) float32[2,3]  # "mul"
      %6 = exp(%5) float32[2,3]  # "exp"
      %7 = sin(%6) float32[2,3]  # "sin"
      %8 = add(%4, %7) float32[2,3]  # "add"
      output "y0" = %8 float32[2,3]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,3]
      %1 = constant "constant_1" float32[] {0.5}
      %2 = mul(%0, %1) float32[2,3]  # "mul"
      %3 = exp(%2) float32[2,3]  # "exp"
      %4 = sin(%3) float32[2,3]  # "sin"
      %5 = add(%3, %4) float32[2,3]  # "add"
      output "y0" = %5 float32[2,3]
    "
  `);
  expect(changes).toBe(2);
});

test('both names of a shared output stay', () => {
  const { graph } = applyPass(pass, (g) => {
    const x = g.input([2]);
    g.output(g.add('relu', [x]));
    return g.add('relu', [x]);
  });
  expect(graph.nodes).toHaveLength(1);
  expect(graph.outputs.map((o) => o.name)).toEqual(['y0', 'y1']);
});

const pairs: readonly [string, (g: Sketch, x: ValueId) => readonly [ValueId, ValueId]][] = [
  ['other ops', (g, x) => [g.add('exp', [x]), g.add('sin', [x])]],
  ['operands in another order', (g, x) => [g.add('sub', [x, g.constant([], 2)]), g.add('sub', [g.constant([], 2), x])]],
  ['other attributes', (g, x) => [g.add('clip', [x], { max: 1 }), g.add('clip', [x], { max: 2 })]],
  [
    'infinities of either sign',
    (g, x) => [g.add('clip', [x], { max: -Infinity }), g.add('clip', [x], { max: Infinity })],
  ],
  [
    'zeros of either sign',
    (g, x) => [g.add('pad', [x], { pads: [0, 1], value: 0 }), g.add('pad', [x], { pads: [0, 1], value: -0 })],
  ],
  ['constants of other values', (g, x) => [g.add('mul', [x, g.constant([], 2)]), g.add('mul', [x, g.constant([], 3)])]],
  [
    'constants of other shapes',
    (g, x) => [
      g.add('reduce', [g.add('mul', [x, g.constant([1], 2)])], { kind: 'sum', axes: [0], keepDims: false }),
      g.add('reduce', [g.add('mul', [x, g.constant([1, 1], 2)])], { kind: 'sum', axes: [0, 1], keepDims: false }),
    ],
  ],
];

describe('keeps apart', () => {
  test.each(pairs)('%s', (_, draw) =>
    expectUntouched(pass, (g) => {
      const [a, b] = draw(g, g.input([3]));
      g.output(a);
      return b;
    }),
  );
});

test('equal constants of different types are different', () => {
  const draw = (g: Sketch): ValueId => {
    const x = g.input([2]);
    const as = (dtype: 'int32' | 'int64') => g.add('gather', [x, g.constant([1], 1, dtype)]);
    return g.add('add', [as('int32'), as('int64')]);
  };
  expect(opsAfter(pass, draw)).toEqual(['gather', 'gather', 'add']);
});
