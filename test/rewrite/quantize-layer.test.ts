import { describe, expect, test } from 'vitest';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import { lower } from '../../compiler/4-lower/lower.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { printGraph } from '../../compiler/ir/print.ts';
import { verifyGraph } from '../../compiler/ir/verify.ts';
import type { Attributes } from '../../compiler/ops/index.ts';
import {
  codesOfRange,
  type LayerQuantization,
  quantizeLayer,
  roundWeights,
} from '../../compiler/rewrite/quantize-layer.ts';
import { rebuild } from '../../compiler/rewrite/rebuild.ts';
import { numbersOf, tensorOf } from '../../compiler/tensor/convert.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { graphOf, type Sketch } from '../3-compress/pass-case.ts';
import { numbersIn } from '../4-lower/agreement.ts';
import { makeRandom } from '../harness/random.ts';
import { allowRelaxedDots, hasRelaxedSimd } from '../harness/relaxed-simd.ts';
import { runWasm } from '../harness/run-wasm.ts';

allowRelaxedDots();

const random = makeRandom(5);
const reals = (sizes: readonly number[], low: number, high: number): number[] => [
  ...random.reals(
    sizes.reduce((a, b) => a * b, 1),
    low,
    high,
  ),
];

const quantized = (graph: Graph, how: LayerQuantization): Graph =>
  verifyGraph(rebuild(graph, [quantizeLayer(how)]).graph);

const layer = (op: 'linear' | 'conv', x: readonly number[], w: readonly number[], a: Attributes = {}): Graph =>
  graphOf((g: Sketch): ValueId => {
    const weights = g.constant(w, reals(w, -0.7, 0.9));
    return g.add(op, [g.input(x), weights, g.constant([w[0]!], reals([w[0]!], -1, 1))], a);
  });

const evaluate = (graph: Graph, x: Tensor): number[] =>
  Array.from(numbersIn(evaluateGraph(graph, new Map([['x0', x]]), 'float64')).get('y0')!);

describe('codes of a range', () => {
  test.each([
    [0, 12.7, 0.1, 0],
    [3, 12.7, 0.1, 0],
    [-12.7, 0, 0.1, 127],
    [-5, -1, 5 / 127, 127],
    [-1, 1, 2 / 127, 64],
    [0, 0, 1, 0],
  ])('%d to %d', (min, max, scale, zero) => {
    const found = codesOfRange({ min, max });
    expect(found.scale).toBeCloseTo(scale, 12);
    expect(found.zero).toBe(zero);
  });
});

test('weights are rounded per output, and an output of zeros stays zero', () => {
  const { codes, scales } = roundWeights(tensorOf('float32', [3, 2], [0.5, -1, 0, 0, 127, 63]));
  expect([...(codes as Int8Array)]).toEqual([64, -127, 0, 0, 127, 63]);
  expect([...(scales as Float64Array)]).toEqual([1 / 127, 0, 1]);
});

test('scales widen a little so that products of 4 groups fit 16 bits', () => {
  // 8 codes of 127 would add up to 1016 in one lane; of three that are large it is 381
  const large = [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const { codes, scales } = roundWeights(tensorOf('float32', [2, 16], [...large, ...large.map(() => 1)]));
  expect(scales[0]).toBeCloseTo(3 / 254, 12);
  expect([...(codes as Int8Array)].slice(0, 5)).toEqual([85, 85, 0, 0, 85]);
  // that would cost too much of the second one, which 2 groups of 64 suit
  expect(scales[1]).toBeCloseTo(4 / 256, 12);
});

test('before and after', () => {
  const graph = graphOf((g) =>
    g.add('linear', [g.input([2, 4]), g.constant([2, 4], [1, -1, 0.5, 0, 2, 2, 2, 2]), g.constant([2], [3, 4])]),
  );
  expect(printGraph(quantized(graph, { input: { min: -1, max: 1 } }))).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[2,4]
      %3 = constant "constant_1.codes" float32[2,4] {127, -127, 64, 0, 127, 127, 127, 127}
      %5 = constant "constant_1.scales" float32[2] {0.00012400024570524693, 0.00024800049141049385}
      %7 = constant "constant_1.shift" float32[2] {2.4920949935913086, -4.062992095947266}
      %4 = linear(%0, %3, inputScale=0.015748031496062992, inputZero=64) float32[2,2]  # "linear"
      %6 = mul(%4, %5) float32[2,2]  # "linear"
      %8 = add(%6, %7) float32[2,2]  # "linear"
      output "y0" = %8 float32[2,2]
    "
  `);
});

test.each([
  ['linear', 'linear', [3, 8], [5, 8], {}],
  [
    'padded convolution',
    'conv',
    [1, 4, 5, 5],
    [6, 4, 3, 3],
    { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] },
  ],
] as const)('divided channels keep what they have in fine steps: %s', (_, op, xSizes, wSizes, attributes) => {
  const [channels, inner] = [wSizes[1], wSizes.slice(2).reduce((a, b) => a * b, 1)];
  const sizes = Float64Array.from({ length: channels }, (_, c) => 4 ** (c - 2));
  const area = op === 'linear' ? 1 : 25;
  const spread = (values: readonly number[], by: (c: number) => number, each: number) =>
    values.map((v, i) => v * by(Math.floor(i / each) % channels));
  const weights = spread(reals(wSizes, -1, 1), (c) => 1 / sizes[c]!, inner);
  const graph = graphOf((g) => g.add(op, [g.input(xSizes), g.constant(wSizes, weights)], { ...attributes }));
  const x = tensorOf(
    'float32',
    xSizes,
    spread(reals(xSizes, -1, 1), (c) => sizes[c]!, area),
  );
  const balanced = tensorOf(
    'float32',
    wSizes,
    spread(weights, (c) => sizes[c]!, inner),
  );
  const wanted = evaluate(graph, x);
  const errorOf = (how: LayerQuantization) =>
    Math.hypot(...evaluate(quantized(graph, how), x).map((y, i) => y - wanted[i]!)) / Math.hypot(...wanted);
  const plain = errorOf({ input: { min: -(4 ** (channels - 3)), max: 4 ** (channels - 3) } });
  const divided = errorOf({ input: { min: -1, max: 1 }, weights: roundWeights(balanced), divisors: sizes });
  expect(divided).toBeLessThan(0.02);
  expect(divided).toBeLessThan(plain / 4);
});

const same = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };
const layers: readonly (readonly [string, Graph])[] = [
  ['linear of one row', layer('linear', [1, 64], [10, 64])],
  ['linear', layer('linear', [7, 36], [13, 36])],
  ['linear of rank 3', layer('linear', [2, 5, 8], [16, 8])],
  ['pointwise', layer('conv', [1, 8, 5, 5], [12, 8, 1, 1])],
  ['padded 3x3', layer('conv', [1, 4, 6, 7], [9, 4, 3, 3], same)],
  ['stride 2', layer('conv', [2, 8, 7, 7], [8, 8, 3, 3], { ...same, strides: [2, 2] })],
  ['dilated', layer('conv', [1, 4, 9, 9], [5, 4, 3, 3], { ...same, dilations: [2, 2], pads: [2, 2, 2, 2] })],
  ['3 channels', layer('conv', [1, 3, 6, 7], [9, 3, 3, 3], same)],
  ['2 groups', layer('conv', [1, 8, 6, 6], [6, 4, 3, 3], { ...same, group: 2 })],
];

describe.each(layers)('%s', (_, graph) => {
  const sizes = sizesOf(graph.values.get(graph.inputs[0]!)!.type.shape);
  const [w] = [...graph.constants.values()].filter((t) => t.shape.length > 1);
  const weights = numbersOf(w!);
  const each = weights.length / w!.shape[0]!.size;

  test.each([
    ['values of both signs', -3, 2],
    ['values above zero', 0, 6],
    ['values that start above zero', 1, 5],
  ])('%s: within half a step of every factor', (__, low, high) => {
    const x = tensorOf('float32', sizes, reals(sizes, low, high));
    const values = numbersOf(x);
    const input = { min: Math.min(...values), max: Math.max(...values) };
    const { scale } = codesOfRange(input);
    const given = evaluate(quantized(graph, { input }), x);
    const wanted = evaluate(graph, x);
    const most = Math.max(...values.map(Math.abs));
    const largest = Math.max(...weights.map(Math.abs));
    // |xw - x'w'| <= |x| |w - w'| + |w'| |x - x'|; a zero point that is rounded takes up to half a step from one end
    const bound = each * (most * (largest / 127 / 2) + largest * scale) * 1.001;
    expect(given).toHaveLength(wanted.length);
    const errors = given.map((y, i) => Math.abs(y - wanted[i]!));
    expect(Math.max(...errors)).toBeLessThan(bound);
    // and far below the worst case on the whole, as independent errors are
    expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeLessThan(bound / Math.sqrt(each));
  });

  test('all modules agree with the evaluator', () => {
    const x = tensorOf('float32', sizes, reals(sizes, -3, 2));
    const after = quantized(graph, { input: { min: -3, max: 2 } });
    const wanted = evaluate(after, x);
    const scale = Math.max(...wanted.map(Math.abs));
    const program = lower(after);
    expect(program.kernels.some((k) => k.kind === 'contraction' && k.b.kind === 'packed8')).toBe(true);
    for (const features of ['scalar', 'simd', ...(hasRelaxedSimd() ? (['relaxed'] as const) : [])] as const) {
      const given = numbersIn(runWasm(program, features, { x0: x })).get('y0')!;
      wanted.forEach((y, i) => {
        expect(Math.abs(given[i]! - y), features).toBeLessThan(4e-7 * scale);
      });
    }
  });

  test('no exact pass folds into codes', () => {
    const after = quantized(graph, { input: { min: -3, max: 2 } });
    const codesIn = (g: Graph): Tensor[] =>
      g.nodes.filter((n) => n.attributes.inputScale !== undefined).map((n) => g.constants.get(n.inputs[1]!)!);
    expect(codesIn(optimise(after).graph).map((t) => t.data)).toEqual(codesIn(after).map((t) => t.data));
  });
});

test('given codes are taken', () => {
  const graph = layer('linear', [3, 4], [2, 4]);
  const codes = [1, -2, 3, -4, 127, -127, 0, 5];
  const after = quantized(graph, { input: { min: 0, max: 1 }, weights: { codes, scales: [0.5, 0.25] } });
  const node = after.nodes.find((n) => n.op === 'linear')!;
  expect(numbersOf(after.constants.get(node.inputs[1]!)!)).toEqual(codes);
  const x = tensorOf('float32', [3, 4], [...[1, 0, 0, 0], ...[0, 1, 0, 0], ...[0, 0, 0, 1]]);
  const bias = numbersOf([...graph.constants.values()].find((t) => t.shape.length === 1)!);
  const wanted = [0.5, 31.75, -1, -31.75, -2, 1.25].map((y, i) => y + bias[i % 2]!);
  evaluate(after, x).forEach((y, i) => {
    expect(y).toBeCloseTo(wanted[i]!, 5);
  });
});

test('codes that are none are a bug', () => {
  const graph = layer('linear', [3, 4], [1, 4]);
  const wrong = (codes: readonly number[]) => () =>
    quantized(graph, { input: { min: 0, max: 1 }, weights: { codes, scales: [1] } });
  expect(wrong([1, 2, 3])).toThrow('3 codes for 4 weights');
  expect(wrong([1, 2, 3, -128])).toThrow('-128 is no int8 code of a weight');
  expect(wrong([1, 2, 3, 0.5])).toThrow('0.5 is no int8 code of a weight');
});

describe('left as it is', () => {
  const range = { min: -1, max: 1 };
  const untouched = (graph: Graph, input = range): void => {
    expect(rebuild(graph, [quantizeLayer({ input })]).changes).toBe(0);
  };
  test('neighbours that leave groups of four too empty', () => {
    untouched(layer('linear', [2, 5], [4, 5]));
    untouched(layer('conv', [1, 5, 5, 5], [8, 5, 1, 1], same));
    untouched(layer('conv', [1, 2, 9, 9], [8, 2, 3, 3], { ...same, dilations: [2, 2] }));
    untouched(layer('conv', [1, 8, 5, 5], [8, 1, 3, 3], { ...same, group: 8 }));
  });
  test('weights that are no constants, or no float32', () => {
    untouched(graphOf((g) => g.add('linear', [g.input([2, 4]), g.input([3, 4])])));
    untouched(graphOf((g) => g.add('linear', [g.input([2, 4], 'float64'), g.constant([3, 4], 1, 'float64')])));
    untouched(graphOf((g) => g.add('linear', [g.input([2, 4]), g.constant([3, 4]), g.input([3])])));
  });
  test('what is no layer, or quantised already', () => {
    untouched(graphOf((g) => g.add('matmul', [g.input([2, 4]), g.constant([4, 4])])));
    untouched(quantized(layer('linear', [2, 4], [4, 4]), { input: range }));
  });
  test('ranges and weights that are not finite', () => {
    untouched(layer('linear', [2, 4], [4, 4]), { min: -1, max: Number.POSITIVE_INFINITY });
    untouched(layer('linear', [2, 4], [4, 4]), { min: Number.NaN, max: 1 });
    untouched(graphOf((g) => g.add('linear', [g.input([2, 4]), g.constant([1, 4], [1, 2, Number.NaN, 3])])));
  });
  test('sums that float32 could not hold', () => {
    // 127 * 127 * 1040 = 16,774,160 < 2^24 = 16,777,216 <= 127 * 127 * 1044
    const changes = (k: number): number => {
      const graph = graphOf((g) => g.add('linear', [g.input([1, k]), g.constant([1, k], 1)]));
      const weights = { codes: new Int8Array(k).fill(127), scales: [1 / 127] };
      return rebuild(graph, [quantizeLayer({ input: range, weights })]).changes;
    };
    expect(changes(1044)).toBe(0);
    expect(changes(1040)).toBe(1);
    // positive and negative codes never add up
    const both = graphOf((g) =>
      g.add('linear', [
        g.input([1, 2080]),
        g.constant(
          [1, 2080],
          Array.from({ length: 2080 }, (_, i) => (i % 2) * 2 - 1),
        ),
      ]),
    );
    expect(rebuild(both, [quantizeLayer({ input: range })]).changes).toBe(1);
  });
});
