import { describe, expect, test } from 'vitest';
import { trimHeads } from '../../../compiler/3-compress/actions/trim-heads.ts';
import { truncateAttention } from '../../../compiler/3-compress/actions/truncate-attention.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { levelsOf, makeSamples, measuredError, take, weightCount } from './level-case.ts';

const [length, model, heads, width, outputs] = [10, 24, 3, 8, 20];

interface Shape {
  /** directions that the input varies in; all without */
  readonly directions?: number;
  readonly batch?: number;
  /** one layer for queries, keys and values */
  readonly isFused?: boolean;
  readonly gain?: number;
  readonly change?: (g: Sketch, q: ValueId, read: (id: ValueId) => void) => ValueId;
}

/** Multi-head self-attention as exporters write it. */
function attention({ directions, batch = 1, isFused = false, gain = 0.5, change = (_, q) => q }: Shape = {}): Graph {
  const random = makeRandom(17);
  return graphOf((g) => {
    const linear = (x: ValueId, n: number, k: number, by = 1): ValueId => {
      const limit = by * Math.sqrt(3 / k);
      const w = g.constant([n, k], [...random.reals(n * k, -limit, limit)]);
      return g.add('linear', [x, w, g.constant([n], [...random.reals(n, -0.5, 0.5)])]);
    };
    const z = g.input([batch, length, directions ?? model]);
    const source = directions === undefined ? g.add('tanh', [z]) : linear(z, model, directions);
    const split = (rows: ValueId): ValueId =>
      g.add('transpose', [g.add('reshape', [rows], { shape: [batch, length, heads, width] })], { perm: [0, 2, 1, 3] });
    const fused = (): ValueId[] => {
      const rows = g.add('reshape', [linear(source, 3 * heads * width, model, gain)], {
        shape: [batch, length, 3, heads, width],
      });
      const turned = g.add('transpose', [rows], { perm: [2, 0, 3, 1, 4] });
      return [0, 1, 2].map((i) => {
        const one = g.add('slice', [turned], {
          starts: [i, 0, 0, 0, 0],
          sizes: [1, batch, heads, length, width],
          steps: [1, 1, 1, 1, 1],
        });
        return g.add('reshape', [one], { shape: [batch, heads, length, width] });
      });
    };
    const [q, k, v] = isFused ? fused() : [gain, gain, 1].map((by) => split(linear(source, heads * width, model, by)));
    const a = g.add('attention', [change(g, q!, (id) => g.output(id)), k!, v!], { scale: 1 / Math.sqrt(width) });
    const rows = g.add('reshape', [g.add('transpose', [a], { perm: [0, 2, 1, 3] })], {
      shape: [batch, length, heads * width],
    });
    return linear(rows, outputs, heads * width);
  });
}

const find = (graph: Graph, count = 150) => {
  const found = levelsOf(truncateAttention, graph, makeSamples(graph, count, 1));
  expect(found).toHaveLength(2);
  return { scores: found[0]!, values: found[1]! };
};

describe.each([
  ['three layers', { isFused: false }],
  ['one layer', { isFused: true }],
  ['one layer, a batch', { isFused: true, batch: 2 }],
])('%s', (_, shape) => {
  test('heads of fewer directions in truth: exact', () => {
    const graph = attention({ ...shape, directions: 3 });
    const { scores, values } = find(graph);
    // Three directions and a mean: queries need it, keys and values do not.
    const score = scores.levels.find(({ label }) => label === 'queries and keys of 3 elements, not 8')!;
    const value = values.levels.find(({ label }) => label === 'values of 3 elements, not 8')!;
    expect(score.error).toBeLessThan(1e-9);
    expect(value.error).toBeLessThan(1e-9);
    const fresh = makeSamples(graph, 30, 2);
    const taken = [
      { candidate: scores.candidate, level: score },
      { candidate: values.candidate, level: value },
    ];
    for (const chosen of [[taken[0]!], [taken[1]!], taken]) {
      const after = take(graph, chosen);
      expect(measuredError(graph, after, fresh, 2)).toBeLessThan(1e-9);
      expect(measuredError(graph, optimise(after).graph, fresh, 2)).toBeLessThan(1e-9);
      const saved = chosen.reduce((sum, { candidate, level }) => sum + candidate.parameters - level.parameters, 0);
      expect(weightCount(graph) - weightCount(after)).toBe(saved);
    }
  });

  test('predicted and measured error', () => {
    const graph = attention(shape);
    const { scores, values } = find(graph, 400);
    const fresh = makeSamples(graph, 300, 2);
    expect(values.levels.map(({ label }) => label)).toEqual(
      [6, 4, 3, 2, 1].map((r) => `values of ${r} elements, not 8`),
    );
    for (const level of values.levels) {
      const measured = measuredError(graph, take(graph, [{ candidate: values.candidate, level }]), fresh, 2);
      expect(measured / level.error, level.label).toBeGreaterThan(0.9);
      expect(measured / level.error, level.label).toBeLessThan(1.1);
    }
    let last = 0;
    for (const level of scores.levels) {
      const measured = measuredError(graph, take(graph, [{ candidate: scores.candidate, level }]), fresh, 2);
      expect(measured / level.error, level.label).toBeGreaterThan(0.25);
      expect(measured / level.error, level.label).toBeLessThan(1.5);
      expect(measured).toBeGreaterThan(last);
      last = measured;
    }
  });

  test('weights and multiply-adds are counted', () => {
    const graph = attention(shape);
    const batch = 'batch' in shape ? shape.batch : 1;
    const { scores, values } = find(graph, 30);
    const rows = batch * length * model;
    expect(scores.candidate).toMatchObject({
      parameters: 2 * heads * width * model,
      macs: heads * width * (2 * rows + batch * length * length),
    });
    expect(values.candidate).toMatchObject({
      parameters: heads * width * (model + outputs),
      macs: heads * width * (rows + batch * length * outputs + batch * length * length),
    });
    for (const { candidate, levels } of [scores, values]) {
      for (const level of levels) {
        expect(level.parameters).toBeLessThan(candidate.parameters);
        expect(level.macs).toBeLessThan(candidate.macs);
      }
    }
  });
});

describe('must not fire', () => {
  test.each<[string, Shape['change']]>([
    [
      'queries that others read',
      (_, q, read) => {
        read(q);
        return q;
      },
    ],
    ['arithmetic between layer and heads', (g, q) => g.add('mul', [q, g.constant([1, 1, length, 1])])],
    [
      'queries in another order of positions',
      (g, q) =>
        g.add('reshape', [g.add('transpose', [q], { perm: [0, 1, 3, 2] })], { shape: [1, heads, length, width] }),
    ],
  ])('%s', (_, change) => expect(truncateAttention(attention({ change }))).toEqual([]));

  test('rows of the layer that are no heads', () => {
    const graph = graphOf((g) => {
      const rows = g.add('linear', [g.input([1, 6, 8]), g.constant([25, 8])]);
      const part = (i: number): ValueId =>
        g.add('slice', [rows], { starts: [0, 0, 8 * i], sizes: [1, 6, 8], steps: [1, 1, 1] });
      return g.add('linear', [g.add('attention', [part(0), part(1), part(2)], { scale: 1 }), g.constant([4, 8])]);
    });
    expect(truncateAttention(graph)).toEqual([]);
  });

  test('weights that another attention shares', () => {
    const graph = graphOf((g) => {
      const shared = g.constant([8, 8]);
      const block = (x: ValueId): ValueId => {
        const [q, k, v] = [shared, g.constant([8, 8]), g.constant([8, 8])].map((w) => g.add('linear', [x, w]));
        return g.add('linear', [g.add('attention', [q!, k!, v!], { scale: 1 }), g.constant([8, 8])]);
      };
      return block(block(g.input([1, 6, 8])));
    });
    expect(truncateAttention(graph)).toEqual([]);
    expect(trimHeads(graph)).toEqual([]);
  });

  test('live weights', () => {
    const graph = graphOf((g) => {
      const [x, w] = [g.input([1, 6, 8]), g.input([8, 8])];
      const part = (): ValueId => g.add('linear', [x, w]);
      return g.add('linear', [g.add('attention', [part(), part(), part()], { scale: 1 }), g.constant([4, 8])]);
    });
    expect(truncateAttention(graph)).toEqual([]);
  });
});
