import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'absorb-norm-affine';
const norm = (g: Sketch, axis = 2): ValueId =>
  g.add('layerNorm', [g.input([2, 3, 4]), g.constant([2, 3, 4].slice(axis))], { axis });
const rms = (g: Sketch): ValueId => g.add('rmsNorm', [g.input([2, 3, 4]), g.constant([4])], { axis: 2 });

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) =>
    g.add('add', [g.add('mul', [norm(g), g.constant([4], [1, 2, 3, 4])]), g.constant([1, 1, 4], [5, 6, 7, 8])]),
  );
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,3,4]
      %1 = constant "constant_1" float32[4] {1.127073884010315, 0.5027357339859009, 1.027446985244751, 1.481050968170166}
      %2 = constant "constant_3" float32[4] {1, 2, 3, 4}
      %3 = constant "constant_5" float32[1,1,4] {5, 6, 7, 8}
      %4 = layerNorm(%0, %1, axis=2) float32[2,3,4]  # "layerNorm"
      %5 = mul(%4, %2) float32[2,3,4]  # "mul"
      %6 = add(%5, %3) float32[2,3,4]  # "add"
      output "y0" = %6 float32[2,3,4]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,3,4]
      %1 = constant "layerNorm_6" float32[4] {1.127073884010315, 1.0054714679718018, 3.082340955734253, 5.924203872680664}
      %2 = constant "reshape_8" float32[4] {5, 6, 7, 8}
      %3 = layerNorm(%0, %1, %2, axis=2) float32[2,3,4]  # "layerNorm"
      output "y0" = %3 float32[2,3,4]
    "
  `);
});

describe('takes', () => {
  test('a bias that is scaled again', () =>
    expect(opsAfter(pass, (g) => g.add('mul', [g.constant([4]), g.add('add', [norm(g), g.constant([4])])]))).toEqual([
      'layerNorm',
    ]));
  test('constants over several dimensions', () =>
    expect(opsAfter(pass, (g) => g.add('mul', [norm(g, 1), g.constant([3, 4])]))).toEqual(['layerNorm']));
  test('the scale of an rms norm', () =>
    expect(opsAfter(pass, (g) => g.add('mul', [rms(g), g.constant([4])]))).toEqual(['rmsNorm']));
});

const others: readonly [string, (g: Sketch) => ValueId][] = [
  ['a constant along other dimensions', (g) => g.add('mul', [norm(g), g.constant([3, 1])])],
  ['a constant of part of the dimensions', (g) => g.add('mul', [norm(g, 1), g.constant([4])])],
  ['a constant of more than the dimensions', (g) => g.add('mul', [norm(g), g.constant([3, 4])])],
  ['a constant that adds dimensions', (g) => g.add('mul', [norm(g), g.constant([1, 1, 1, 4])])],
  ['a scalar', (g) => g.add('mul', [norm(g), g.constant([])])],
  ['a live factor', (g) => g.add('mul', [norm(g), g.input([4])])],
  ['a bias on an rms norm', (g) => g.add('add', [rms(g), g.constant([4])])],
  [
    'a norm that is read elsewhere',
    (g) => {
      const y = norm(g);
      return g.add('add', [g.add('exp', [y]), g.add('mul', [y, g.constant([4])])]);
    },
  ],
  [
    'a norm that is an output',
    (g) => {
      const y = norm(g);
      g.output(y);
      return g.add('mul', [y, g.constant([4])]);
    },
  ],
];

describe('leaves', () => {
  test.each(others)('%s', (_, draw) => expectUntouched(pass, draw));
});
