import { describe, expect, test } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { verifyGraph } from '../../compiler/ir/verify.ts';
import { type AttentionRanges, quantizeAttention } from '../../compiler/rewrite/quantize-attention.ts';
import { rebuild } from '../../compiler/rewrite/rebuild.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { graphOf } from '../3-compress/pass-case.ts';
import { numbersIn } from '../4-lower/agreement.ts';
import { makeRandom } from '../harness/random.ts';
import { runWasm } from '../harness/run-wasm.ts';

const random = makeRandom(3);
const range = { min: -2, max: 2 };
const ranges: AttentionRanges = { q: range, k: range, v: range };

const attention = (q: readonly number[], k: readonly number[], v: readonly number[], mask?: readonly number[]): Graph =>
  graphOf((g) =>
    g.add(
      'attention',
      [q, k, v, ...(mask ? [mask] : [])].map((sizes) => g.input(sizes)),
      { scale: 0.35 },
    ),
  );

const quantized = (graph: Graph, given = ranges): Graph =>
  verifyGraph(rebuild(graph, [quantizeAttention(given)]).graph);

function feedsOf(graph: Graph): Map<string, Tensor> {
  return new Map(
    graph.inputs.map((id) => {
      const { name, type } = graph.values.get(id)!;
      const sizes = type.shape.map((d) => d.size);
      return [
        name,
        tensorOf('float32', sizes, [
          ...random.reals(
            sizes.reduce((a, b) => a * b, 1),
            -2,
            2,
          ),
        ]),
      ];
    }),
  );
}

const evaluate = (graph: Graph, feeds: ReadonlyMap<string, Tensor>): number[] =>
  Array.from(numbersIn(evaluateGraph(graph, feeds, 'float64')).get('y0')!);

describe.each([
  ['one head', attention([9, 8], [12, 8], [12, 8])],
  ['heads, lengths that are no fours', attention([2, 3, 7, 10], [2, 3, 13, 10], [2, 3, 13, 5])],
  ['a mask', attention([2, 6, 4], [2, 9, 4], [2, 9, 4], [6, 9])],
])('%s', (_, graph) => {
  test('stays near, and multiplies codes', () => {
    const feeds = feedsOf(graph);
    const after = quantized(graph);
    const [wanted, given] = [graph, after].map((g) => evaluate(g, feeds));
    const error = Math.sqrt(given!.reduce((sum, y, i) => sum + (y - wanted![i]!) ** 2, 0));
    const size = Math.sqrt(wanted!.reduce((sum, y) => sum + y ** 2, 0));
    expect(error / size).toBeLessThan(0.03);
    expect(error).toBeGreaterThan(0);
    const kinds = lower(after).kernels.flatMap((k) => (k.kind === 'contraction' ? [k.b.kind] : []));
    expect(kinds).toEqual(['live8', 'live8']);
  });

  test.each(['scalar', 'simd'] as const)('is the same on wasm, %s', (features) => {
    const feeds = feedsOf(graph);
    const after = quantized(graph);
    const wanted = evaluate(after, feeds);
    const given = numbersIn(runWasm(lower(after), features, Object.fromEntries(feeds))).get('y0')!;
    // a code that is rounded the other way moves an output by a 127th of one value
    wanted.forEach((y, i) => {
      expect(Math.abs(given[i]! - y)).toBeLessThan(0.02);
    });
  });
});

test('flat rows use all codes: a long uniform attention is the mean', () => {
  const graph = attention([1, 4], [300, 4], [300, 4]);
  const v = [...random.reals(1200, -2, 2)];
  const feeds = new Map([
    ['x0', tensorOf('float32', [1, 4], [0, 0, 0, 0])],
    ['x1', tensorOf('float32', [300, 4], [...random.reals(1200, -2, 2)])],
    ['x2', tensorOf('float32', [300, 4], v)],
  ]);
  const given = evaluate(quantized(graph), feeds);
  given.forEach((y, j) => {
    const mean = v.filter((_, i) => i % 4 === j).reduce((a, b) => a + b, 0) / 300;
    expect(y).toBeCloseTo(mean, 2);
  });
});

describe('left as it is', () => {
  const changes = (graph: Graph, given = ranges): number => rebuild(graph, [quantizeAttention(given)]).changes;

  test('what is no attention, or not of float32 values', () => {
    expect(changes(graphOf((g) => g.add('matmul', [g.input([2, 4]), g.input([4, 3])])))).toBe(0);
    const double = graphOf((g) =>
      g.add('attention', [g.input([2, 4], 'float64'), g.input([3, 4], 'float64'), g.input([3, 4], 'float64')], {
        scale: 1,
      }),
    );
    expect(changes(double)).toBe(0);
  });

  test('ranges that are not finite', () => {
    const graph = attention([2, 4], [3, 4], [3, 4]);
    expect(changes(graph, { ...ranges, k: { min: 0, max: Number.POSITIVE_INFINITY } })).toBe(0);
    expect(changes(graph)).toBe(1);
  });

  test('sums that float32 could not hold', () => {
    // 127 * 127 * 1040 < 2^24 <= 127 * 127 * 1041
    expect(changes(attention([1, 4], [1040, 4], [1040, 4]))).toBe(1);
    expect(changes(attention([1, 4], [1041, 4], [1041, 4]))).toBe(0);
  });
});
