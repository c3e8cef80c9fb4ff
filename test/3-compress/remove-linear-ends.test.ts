import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'remove-identities';
const layer = (g: Sketch): ValueId => g.add('linear', [g.input([2, 3]), g.constant([4, 3]), g.constant([4])]);
const scaled = (g: Sketch, x: ValueId, by: number | readonly number[]): ValueId =>
  g.add('mul', [x, g.constant(typeof by === 'number' ? [] : [by.length], by)]);

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) => {
    const x = g.add('linear', [g.input([1, 2]), g.constant([2, 2], [1, 2, 3, 4])]);
    const lerp = g.add('add', [scaled(g, x, 1), scaled(g, g.add('relu', [x]), 0)]);
    return g.add('linear', [lerp, g.constant([1, 2], [5, 6])]);
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2]
      %1 = constant "constant_1" float32[2,2] {1, 2, 3, 4}
      %2 = constant "constant_3" float32[] {1}
      %3 = constant "constant_6" float32[] {0}
      %4 = constant "constant_9" float32[1,2] {5, 6}
      %5 = linear(%0, %1) float32[1,2]  # "linear"
      %6 = mul(%5, %2) float32[1,2]  # "mul"
      %7 = relu(%5) float32[1,2]  # "relu"
      %8 = mul(%7, %3) float32[1,2]  # "mul"
      %9 = add(%6, %8) float32[1,2]  # "add"
      %10 = linear(%9, %4) float32[1,1]  # "linear"
      output "y0" = %10 float32[1,1]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2]
      %1 = constant "constant_1" float32[2,2] {1, 2, 3, 4}
      %2 = constant "constant_9" float32[1,2] {5, 6}
      %3 = linear(%0, %1) float32[1,2]  # "linear"
      %4 = linear(%3, %2) float32[1,1]  # "linear"
      output "y0" = %4 float32[1,1]
    "
  `);
});

type Draw = (g: Sketch, x: ValueId) => ValueId;

const ends: readonly [string, Draw][] = [
  ['0 tanh(x) + x', (g, x) => g.add('add', [scaled(g, g.add('tanh', [x]), 0), x])],
  ['x + 0 (gelu(x) - x)', (g, x) => g.add('add', [x, scaled(g, g.add('sub', [g.add('gelu', [x]), x]), 0)])],
  ['x - 0 relu(x), by unit', (g, x) => g.add('sub', [x, scaled(g, g.add('relu', [x]), [0, 0, 0, 0])])],
  ['relu(x) - relu(-x)', (g, x) => g.add('sub', [g.add('relu', [x]), g.add('relu', [g.add('neg', [x])])])],
  [
    '-1 relu(-x) + relu(x), as Keras writes PReLU',
    (g, x) => g.add('add', [scaled(g, g.add('relu', [g.add('neg', [x])]), [-1, -1, -1, -1]), g.add('relu', [x])]),
  ],
  [
    'max(x, 0) + min(x, 0)',
    (g, x) => g.add('add', [g.add('max', [x, g.constant([], 0)]), g.add('min', [x, g.constant([], 0)])]),
  ],
  [
    'clip(x, 0) - relu(-1 x)',
    (g, x) => g.add('sub', [g.add('clip', [x], { min: 0 }), g.add('relu', [scaled(g, x, -1)])]),
  ],
];

describe('leaves out', () => {
  test.each(ends)('%s', (_, draw) =>
    expect(opsAfter(pass, (g) => g.add('abs', [draw(g, layer(g))]))).toEqual(['linear', 'abs']),
  );
});

const others: readonly [string, Draw][] = [
  ['x + 0.001 relu(x)', (g, x) => g.add('add', [x, scaled(g, g.add('relu', [x]), 0.001)])],
  ['a unit that is not at its end', (g, x) => g.add('add', [x, scaled(g, g.add('relu', [x]), [0, 0, 1, 0])])],
  ['0 relu(x) - x', (g, x) => g.add('sub', [scaled(g, g.add('relu', [x]), 0), x])],
  ['x + 0 exp(x), which overflows', (g, x) => g.add('add', [x, scaled(g, g.add('exp', [x]), 0)])],
  ['x + 0 (inf + x)', (g, x) => g.add('add', [x, scaled(g, g.add('add', [x, g.constant([], Infinity)]), 0)])],
  ['x + 0 relu(z), z being another', (g, x) => g.add('add', [x, scaled(g, g.add('relu', [g.input([2, 4])]), 0)])],
  ['relu(x) + relu(-x)', (g, x) => g.add('add', [g.add('relu', [x]), g.add('relu', [g.add('neg', [x])])])],
  [
    'relu(x) - 0.5 relu(-x)',
    (g, x) => g.add('sub', [g.add('relu', [x]), scaled(g, g.add('relu', [g.add('neg', [x])]), 0.5)]),
  ],
  [
    'relu(x) - relu(-z)',
    (g, x) => g.add('sub', [g.add('relu', [x]), g.add('relu', [g.add('neg', [g.input([2, 4])])])]),
  ],
];

describe('keeps', () => {
  test.each(others)('%s', (_, draw) => expectUntouched(pass, (g) => draw(g, layer(g))));

  test('what may be -0', () =>
    expectUntouched(pass, (g) => {
      const x = g.input([2, 4]);
      return g.add('sub', [g.add('relu', [x]), g.add('relu', [g.add('neg', [x])])]);
    }));
});
