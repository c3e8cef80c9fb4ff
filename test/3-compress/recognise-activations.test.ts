import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import type { OpName } from '../../compiler/ops/index.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

const pass = 'recognise-activations';

type Draw = (g: Sketch, x: ValueId) => ValueId;

const c = (g: Sketch, value: number): ValueId => g.constant([], value);
const mul = (g: Sketch, a: ValueId, b: ValueId): ValueId => g.add('mul', [a, b]);
const add = (g: Sketch, a: ValueId, b: ValueId): ValueId => g.add('add', [a, b]);
const div = (g: Sketch, a: ValueId, b: ValueId): ValueId => g.add('div', [a, b]);
const one = (g: Sketch, op: OpName, x: ValueId): ValueId => g.add(op, [x]);
const times = (g: Sketch, x: ValueId, by: number): ValueId => mul(g, x, c(g, by));

/** 1 + erf(x / divisor) */
const erfGate = (g: Sketch, x: ValueId, divisor = Math.SQRT2): ValueId =>
  add(g, one(g, 'erf', div(g, x, c(g, divisor))), c(g, 1));

const cube: Draw = (g, x) => g.add('pow', [x, c(g, 3)]);
const root = Math.sqrt(2 / Math.PI);

/** 1 + tanh(factor (x + cubic x^3)) */
const tanhGate = (g: Sketch, x: ValueId, cubed: Draw = cube, factor = root, cubic = 0.044715): ValueId =>
  add(g, c(g, 1), one(g, 'tanh', times(g, add(g, x, times(g, cubed(g, x), cubic)), factor)));

const relu6: Draw = (g, x) => g.add('clip', [add(g, x, c(g, 3))], { min: 0, max: 6 });

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) => {
    const x = g.input([2, 5]);
    const gelu = times(g, mul(g, x, erfGate(g, x)), 0.5);
    const swish = div(g, mul(g, gelu, relu6(g, gelu)), c(g, 6));
    return mul(g, swish, one(g, 'sigmoid', swish));
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,5]
      %1 = constant "constant_1" float32[] {1.4142135381698608}
      %2 = constant "constant_4" float32[] {1}
      %3 = constant "constant_7" float32[] {0.5}
      %4 = constant "constant_9" float32[] {3}
      %5 = constant "constant_13" float32[] {6}
      %6 = div(%0, %1) float32[2,5]  # "div"
      %7 = erf(%6) float32[2,5]  # "erf"
      %8 = add(%7, %2) float32[2,5]  # "add"
      %9 = mul(%0, %8) float32[2,5]  # "mul"
      %10 = mul(%9, %3) float32[2,5]  # "mul"
      %11 = add(%10, %4) float32[2,5]  # "add"
      %12 = clip(%11, max=6, min=0) float32[2,5]  # "clip"
      %13 = mul(%10, %12) float32[2,5]  # "mul"
      %14 = div(%13, %5) float32[2,5]  # "div"
      %15 = sigmoid(%14) float32[2,5]  # "sigmoid"
      %16 = mul(%14, %15) float32[2,5]  # "mul"
      output "y0" = %16 float32[2,5]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,5]
      %1 = gelu(%0, approximate=none) float32[2,5]  # "mul"
      %2 = hardSwish(%1) float32[2,5]  # "div"
      %3 = silu(%2) float32[2,5]  # "mul"
      output "y0" = %3 float32[2,5]
    "
  `);
});

const found: readonly [string, OpName, Draw][] = [
  ['(x gate) 0.5', 'gelu', (g, x) => times(g, mul(g, x, erfGate(g, x)), 0.5)],
  ['(0.5 x) gate', 'gelu', (g, x) => mul(g, times(g, x, 0.5), erfGate(g, x))],
  ['gate (x 0.5)', 'gelu', (g, x) => mul(g, erfGate(g, x), mul(g, c(g, 0.5), x))],
  ['x (0.5 gate)', 'gelu', (g, x) => mul(g, x, times(g, erfGate(g, x), 0.5))],
  ['x gate / 2', 'gelu', (g, x) => div(g, mul(g, x, erfGate(g, x)), c(g, 2))],
  ['(x / 2) gate', 'gelu', (g, x) => mul(g, div(g, x, c(g, 2)), erfGate(g, x))],
  [
    'erf(x 0.7071)',
    'gelu',
    (g, x) => mul(g, times(g, x, 0.5), add(g, c(g, 1), one(g, 'erf', times(g, x, Math.SQRT1_2)))),
  ],
  ['tanh, pow', 'gelu', (g, x) => mul(g, times(g, x, 0.5), tanhGate(g, x))],
  [
    'tanh, (x x) x',
    'gelu',
    (g, x) =>
      times(
        g,
        mul(
          g,
          x,
          tanhGate(g, x, () => mul(g, mul(g, x, x), x)),
        ),
        0.5,
      ),
  ],
  [
    'tanh, x (x x)',
    'gelu',
    (g, x) =>
      mul(
        g,
        tanhGate(g, x, () => mul(g, x, mul(g, x, x))),
        times(g, x, 0.5),
      ),
  ],
  [
    'tanh, factored',
    'gelu',
    (g, x) => {
      const inner = add(g, c(g, 1), mul(g, times(g, x, 0.044715), x));
      const gate = add(g, one(g, 'tanh', mul(g, times(g, x, root), inner)), c(g, 1));
      return mul(g, times(g, x, 0.5), gate);
    },
  ],
  ['x sigmoid(x)', 'silu', (g, x) => mul(g, x, one(g, 'sigmoid', x))],
  ['sigmoid(x) x', 'silu', (g, x) => mul(g, one(g, 'sigmoid', x), x)],
  ['x / (1 + exp(-x))', 'silu', (g, x) => div(g, x, add(g, c(g, 1), one(g, 'exp', one(g, 'neg', x))))],
  [
    'x (1 / (1 + exp(-x)))',
    'silu',
    (g, x) => mul(g, x, div(g, c(g, 1), add(g, one(g, 'exp', times(g, x, -1)), c(g, 1)))),
  ],
  ['x sigmoid(1.702 x)', 'swish', (g, x) => mul(g, x, one(g, 'sigmoid', times(g, x, 1.702)))],
  ['x tanh(softplus(x))', 'mish', (g, x) => mul(g, x, one(g, 'tanh', one(g, 'softplus', x)))],
  ['x relu6(x + 3) / 6', 'hardSwish', (g, x) => div(g, mul(g, x, relu6(g, x)), c(g, 6))],
  ['x relu6(3 + x) (1 / 6)', 'hardSwish', (g, x) => times(g, mul(g, relu6(g, x), x), 1 / 6)],
  ['x (relu6(x + 3) / 6)', 'hardSwish', (g, x) => mul(g, x, div(g, relu6(g, x), c(g, 6)))],
  ['(relu6(x + 3) (1 / 6)) x', 'hardSwish', (g, x) => mul(g, times(g, relu6(g, x), 1 / 6), x)],
  [
    'min(max(x + 3, 0), 6)',
    'hardSwish',
    (g, x) => div(g, mul(g, x, g.add('min', [g.add('max', [add(g, x, c(g, 3)), c(g, 0)]), c(g, 6)])), c(g, 6)),
  ],
  [
    'min(relu(x + 3), 6)',
    'hardSwish',
    (g, x) => div(g, mul(g, x, g.add('min', [one(g, 'relu', add(g, x, c(g, 3))), c(g, 6)])), c(g, 6)),
  ],
  [
    'x hardSigmoid(x)',
    'hardSwish',
    (g, x) => mul(g, x, g.add('hardSigmoid', [x], { alpha: Math.fround(1 / 6), beta: 0.5 })),
  ],
  [
    'x clip(x / 6 + 0.5, 0, 1)',
    'hardSwish',
    (g, x) => mul(g, x, g.add('clip', [add(g, div(g, x, c(g, 6)), c(g, 0.5))], { min: 0, max: 1 })),
  ],
];

describe('finds', () => {
  test.each(found)('%s: %s', (_, op, draw) => expect(opsAfter(pass, (g) => draw(g, g.input([3, 5])))).toEqual([op]));

  test('silu of a sigmoid', () => {
    const draw = (g: Sketch): ValueId => {
      const x = one(g, 'sigmoid', g.input([4]));
      return mul(g, x, one(g, 'sigmoid', x));
    };
    expect(opsAfter(pass, draw)).toEqual(['sigmoid', 'silu']);
  });
});

const others: readonly [string, Draw][] = [
  ['gelu with 0.51', (g, x) => times(g, mul(g, x, erfGate(g, x)), 0.51)],
  ['gelu without 0.5', (g, x) => mul(g, x, erfGate(g, x))],
  ['gelu with erf(x / 1.4)', (g, x) => times(g, mul(g, x, erfGate(g, x, 1.4)), 0.5)],
  [
    'gelu with erf(sqrt 2 / x)',
    (g, x) => times(g, mul(g, x, add(g, one(g, 'erf', div(g, c(g, Math.SQRT2), x)), c(g, 1))), 0.5),
  ],
  ['gelu with 2 + erf', (g, x) => times(g, mul(g, x, add(g, one(g, 'erf', times(g, x, Math.SQRT1_2)), c(g, 2))), 0.5)],
  [
    'gelu with x^2',
    (g, x) =>
      mul(
        g,
        times(g, x, 0.5),
        tanhGate(g, x, (s, v) => s.add('pow', [v, c(s, 2)])),
      ),
  ],
  ['gelu with 0.0447', (g, x) => mul(g, times(g, x, 0.5), tanhGate(g, x, cube, root, 0.0447))],
  ['gelu with 0.8', (g, x) => mul(g, times(g, x, 0.5), tanhGate(g, x, cube, 0.8))],
  ['gelu with a factor per channel', (g, x) => mul(g, mul(g, x, g.constant([5])), erfGate(g, x))],
  ['gelu with a 0.5 that adds dimensions', (g, x) => mul(g, mul(g, x, g.constant([1, 1, 1], 0.5)), erfGate(g, x))],
  [
    'hardSwish with relu5',
    (g, x) => div(g, mul(g, x, g.add('clip', [add(g, x, c(g, 3))], { min: 0, max: 5 })), c(g, 6)),
  ],
  [
    'hardSwish with x + 2',
    (g, x) => div(g, mul(g, x, g.add('clip', [add(g, x, c(g, 2))], { min: 0, max: 6 })), c(g, 6)),
  ],
  ['hardSwish with / 7', (g, x) => div(g, mul(g, x, relu6(g, x)), c(g, 7))],
  ['hardSwish with 0.1667', (g, x) => times(g, mul(g, x, relu6(g, x)), 0.1667)],
  ['hardSwish with 6 / product', (g, x) => div(g, c(g, 6), mul(g, x, relu6(g, x)))],
  ['hardSwish with the default hard sigmoid', (g, x) => mul(g, x, one(g, 'hardSigmoid', x))],
  ['sigmoid(x)^2', (g, x) => mul(g, one(g, 'sigmoid', x), one(g, 'sigmoid', x))],
  ['1 + exp(x)', (g, x) => div(g, x, add(g, c(g, 1), one(g, 'exp', x)))],
  ['(1 + exp(-x)) / x', (g, x) => div(g, add(g, c(g, 1), one(g, 'exp', one(g, 'neg', x))), x)],
  ['x (1 + exp(-x))', (g, x) => mul(g, x, add(g, c(g, 1), one(g, 'exp', one(g, 'neg', x))))],
  ['x tanh(softplus(x + 1))', (g, x) => mul(g, x, one(g, 'tanh', one(g, 'softplus', add(g, x, c(g, 1)))))],
];

describe('leaves', () => {
  test.each(others)('%s', (_, draw) => expectUntouched(pass, (g) => draw(g, g.input([3, 5]))));

  const foreign: readonly [string, Draw][] = [
    ['silu of another value', (g, x) => mul(g, g.input([3, 5]), one(g, 'sigmoid', x))],
    ['gelu of another value', (g, x) => times(g, mul(g, g.input([3, 5]), erfGate(g, x)), 0.5)],
    ['hardSwish of another value', (g, x) => div(g, mul(g, g.input([3, 5]), relu6(g, x)), c(g, 6))],
    [
      'a sigmoid that is read elsewhere',
      (g, x) => {
        const gate = one(g, 'sigmoid', x);
        return mul(g, gate, add(g, gate, mul(g, x, gate)));
      },
    ],
    [
      'a product that is an output',
      (g, x) => {
        const product = mul(g, x, relu6(g, x));
        g.output(product);
        return div(g, product, c(g, 6));
      },
    ],
  ];
  test.each(foreign)('%s', (_, draw) => expectUntouched(pass, (g) => draw(g, g.input([3, 5]))));

  test('integers', () =>
    expectUntouched(pass, (g) => {
      const x = g.input([4], 'int32');
      const gate = g.add('clip', [add(g, x, g.constant([], 3, 'int32'))], { min: 0, max: 6 });
      return div(g, mul(g, x, gate), g.constant([], 6, 'int32'));
    }));
});
