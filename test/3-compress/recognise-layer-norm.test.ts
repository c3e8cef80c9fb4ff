import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'recognise-layer-norm';

interface Spelling {
  readonly axes?: readonly number[];
  readonly varianceAxes?: readonly number[];
  readonly keepDims?: boolean;
  readonly kind?: string;
  readonly square?: (g: Sketch, d: ValueId) => ValueId;
  readonly divide?: (g: Sketch, d: ValueId, radicand: ValueId) => ValueId;
  readonly epsilon?: (g: Sketch, variance: ValueId) => ValueId;
  readonly centre?: (g: Sketch, x: ValueId) => ValueId;
}

const sqrt = (g: Sketch, x: ValueId): ValueId => g.add('sqrt', [x]);
const power = (g: Sketch, x: ValueId, exponent: number): ValueId => g.add('pow', [x, g.constant([], exponent)]);

function norm(g: Sketch, x: ValueId, spelling: Spelling = {}): ValueId {
  const { axes = [2], keepDims = true, kind = 'mean' } = spelling;
  const mean = (v: ValueId, over: readonly number[]): ValueId => g.add('reduce', [v], { kind, axes: over, keepDims });
  const d = g.add('sub', [x, spelling.centre?.(g, x) ?? mean(x, axes)]);
  const square = spelling.square?.(g, d) ?? power(g, d, 2);
  const variance = mean(square, spelling.varianceAxes ?? axes);
  const radicand = spelling.epsilon?.(g, variance) ?? g.add('add', [variance, g.constant([], 1e-5)]);
  return spelling.divide?.(g, d, radicand) ?? g.add('div', [d, sqrt(g, radicand)]);
}

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) => norm(g, g.input([2, 3, 4])));
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,3,4]
      %1 = constant "constant_3" float32[] {2}
      %2 = constant "constant_6" float32[] {0.000009999999747378752}
      %3 = reduce(%0, axes=[2], keepDims=true, kind=mean) float32[2,3,1]  # "reduce"
      %4 = sub(%0, %3) float32[2,3,4]  # "sub"
      %5 = pow(%4, %1) float32[2,3,4]  # "pow"
      %6 = reduce(%5, axes=[2], keepDims=true, kind=mean) float32[2,3,1]  # "reduce"
      %7 = add(%6, %2) float32[2,3,1]  # "add"
      %8 = sqrt(%7) float32[2,3,1]  # "sqrt"
      %9 = div(%4, %8) float32[2,3,4]  # "div"
      output "y0" = %9 float32[2,3,4]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,3,4]
      %1 = constant "constant_9" float32[4] {1, 1, 1, 1}
      %2 = layerNorm(%0, %1, axis=2, epsilon=0.000009999999747378752) float32[2,3,4]  # "div"
      output "y0" = %2 float32[2,3,4]
    "
  `);
});

const spellings: readonly [string, Spelling][] = [
  ['d d for d^2', { square: (g, d) => g.add('mul', [d, d]) }],
  ['over several trailing axes', { axes: [1, 2] }],
  ['epsilon first', { epsilon: (g, v) => g.add('add', [g.constant([1], 1e-5), v]) }],
  ['times the reciprocal', { divide: (g, d, r) => g.add('mul', [d, g.add('reciprocal', [sqrt(g, r)])]) }],
  ['the reciprocal first', { divide: (g, d, r) => g.add('mul', [g.add('reciprocal', [sqrt(g, r)]), d]) }],
  ['times 1 / root', { divide: (g, d, r) => g.add('mul', [d, g.add('div', [g.constant([], 1), sqrt(g, r)])]) }],
  ['times a power of -0.5', { divide: (g, d, r) => g.add('mul', [d, power(g, r, -0.5)]) }],
  ['by a power of 0.5', { divide: (g, d, r) => g.add('div', [d, power(g, r, 0.5)]) }],
];

describe('layer norm', () => {
  test.each(spellings)('%s', (_, spelling) =>
    expect(opsAfter(pass, (g) => norm(g, g.input([2, 3, 4]), spelling))).toEqual(['layerNorm']),
  );
});

const others: readonly [string, Spelling][] = [
  ['a leading axis', { axes: [0] }],
  ['axes with one between left out', { axes: [0, 2] }],
  ['variance over other axes', { varianceAxes: [1] }],
  ['a cube', { square: (g, d) => power(g, d, 3) }],
  ['a power of 2.0001', { square: (g, d) => power(g, d, 2.0001) }],
  ['twice the square', { square: (g, d) => g.add('mul', [g.add('mul', [d, g.constant([], 2)]), d]) }],
  ['a sum instead of a mean', { kind: 'sum' }],
  ['an epsilon per element', { epsilon: (g, v) => g.add('add', [v, g.constant([4])]) }],
  ['an epsilon that adds dimensions', { epsilon: (g, v) => g.add('add', [v, g.constant([1, 1, 1, 1], 1e-5)]) }],
  ['no epsilon', { epsilon: (_, v) => v }],
  ['root of another power', { divide: (g, d, r) => g.add('div', [d, power(g, r, 0.25)]) }],
  ['multiplied by the root', { divide: (g, d, r) => g.add('mul', [d, sqrt(g, r)]) }],
  ['the root divided', { divide: (g, d, r) => g.add('div', [sqrt(g, r), d]) }],
  ['another value divided', { divide: (g, d, r) => g.add('div', [g.add('exp', [d]), sqrt(g, r)]) }],
];

describe('not', () => {
  test.each(others)('%s', (_, spelling) => expectUntouched(pass, (g) => norm(g, g.input([2, 3, 4]), spelling)));

  test('without the mean taken off as kept dimensions', () =>
    expectUntouched(pass, (g) => norm(g, g.input([4, 4, 4]), { keepDims: false })));
});

describe('rms norm', () => {
  const rms = (g: Sketch, x: ValueId): ValueId => {
    const mean = g.add('reduce', [power(g, x, 2)], { kind: 'mean', axes: [1] });
    return g.add('mul', [x, g.add('reciprocal', [sqrt(g, g.add('add', [mean, g.constant([], 1e-6)]))])]);
  };
  test('spelt out', () => expect(opsAfter(pass, (g) => rms(g, g.input([3, 8])))).toEqual(['rmsNorm']));
  test('of a difference from something else than the mean', () =>
    expect(opsAfter(pass, (g) => norm(g, g.input([2, 3, 4]), { centre: (s) => s.constant([3, 4]) }))).toEqual([
      'sub',
      'rmsNorm',
    ]));
  test('of a difference from the mean over other axes', () =>
    expect(
      opsAfter(pass, (g) =>
        norm(g, g.input([2, 3, 4]), { centre: (s, x) => s.add('reduce', [x], { kind: 'mean', axes: [1] }) }),
      ),
    ).toEqual(['reduce', 'sub', 'rmsNorm']));
});
