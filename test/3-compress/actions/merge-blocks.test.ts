import { beforeEach, describe, expect, test } from 'vitest';
import { dropBlocks } from '../../../compiler/3-compress/actions/drop-blocks.ts';
import { findMergeableRuns, mergeConstants } from '../../../compiler/3-compress/actions/merge-blocks.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { findResidualBlocks } from '../../../compiler/3-compress/residual-blocks.ts';
import type { ValueId } from '../../../compiler/ir/graph.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { type Found, levelLabelled, levelsOf, outputError, samplesFor, take, weightsIn } from './cut-case.ts';

let random = makeRandom(3);
beforeEach(() => {
  random = makeRandom(3);
});

/** Numbers of which all calls for one kind have most in common. */
const commonOf = (count: number, size: number) => {
  const common = [...random.reals(count, -size, size)];
  return (own: number): number[] => {
    const differences = [...random.reals(count, -own, own)];
    return common.map((v, i) => v + differences[i]!);
  };
};

const stem = (g: Sketch, sizes: readonly number[] = [1, 5]): ValueId =>
  g.add('tanh', [
    g.add('linear', [g.input(sizes), g.constant([8, 5], [...random.reals(40)]), g.constant([8], [...random.reals(8)])]),
  ]);

/** Blocks x + W2 act(W1 x + b1) whose weights differ by `own`. */
const mlpBlocks = (own: number) => {
  const [w1, b1, w2] = [commonOf(96, 0.6), commonOf(12, 0.3), commonOf(96, 0.25)];
  return (g: Sketch, x: ValueId, act: 'relu' | 'gelu' = 'relu'): ValueId => {
    const hidden = g.add('linear', [x, g.constant([12, 8], w1(own)), g.constant([12], b1(own))]);
    return g.add('add', [x, g.add('linear', [g.add(act, [hidden]), g.constant([8, 12], w2(own))])]);
  };
};

const mergers = ({ levels }: Found): string[] =>
  levels.map(({ label }) => label).filter((label) => label.startsWith('merged'));

describe('blocks of one structure', () => {
  test('merge into the first: error as predicted, and less than with the rear dropped', () => {
    // The rear does on the same hidden units what the front does not: its sum fits in one block.
    const w1 = commonOf(96, 0.6);
    const graph = graphOf((g) => {
      let x = stem(g);
      for (const size of [0.02, 0.15, 0.15]) {
        const hidden = g.add('linear', [x, g.constant([12, 8], w1(0.03)), g.constant([12], 0.1)]);
        const w2 = g.constant([8, 12], [...random.reals(96, -size, size)]);
        x = g.add('add', [x, g.add('linear', [g.add('relu', [hidden]), w2])]);
      }
      return x;
    });
    const samples = samplesFor(graph, 200);
    const found = levelsOf(graph, dropBlocks, samples);
    expect(found.map(mergers)).toEqual([[], [], [`merged into ${found[0]!.candidate.name}`]]);
    const last = found[2]!;
    expect(last.candidate).toMatchObject({ parameters: 3 * 192, macs: 3 * 192 });
    expect(levelLabelled(last, 'dropped')).toMatchObject({ parameters: 2 * 192, macs: 2 * 192 });
    const level = last.levels.find(({ label }) => label.startsWith('merged'))!;
    expect(level).toMatchObject({ parameters: 192, macs: 192 });
    const merged = optimise(take(graph, [last.candidate, level])).graph;
    expect(outputError(graph, merged, samples, 1) / level.error).toBeCloseTo(1, 2);
    expect(weightsIn(merged)).toBe(40 + 192);
    const dropped = take(graph, ...found.slice(1).map((f) => [f.candidate, levelLabelled(f, 'dropped')] as const));
    expect(level.error).toBeLessThan(0.5 * outputError(graph, dropped, samples, 1));
    expect(outputError(graph, merged, samplesFor(graph, 200, 9), 1) / level.error).toBeCloseTo(1, 0);
  });

  test('the merged weights are the first ones and all differences', () => {
    const graph = graphOf((g) => {
      let x = stem(g);
      for (const own of [1, 5, 7]) {
        const hidden = g.add('relu', [g.add('linear', [x, g.constant([4, 8], own)])]);
        x = g.add('add', [x, g.add('linear', [hidden, g.constant([8, 4], -own), g.constant([8], own / 2)])]);
      }
      return x;
    });
    const [run] = findMergeableRuns(graph, findResidualBlocks(graph));
    expect(run).toMatchObject({ parameters: 3 * 64, macs: 3 * 64 });
    const merged = [...mergeConstants(graph, run!).values()].flatMap((tensors) => [...tensors.values()]);
    // 1 + (5 - 1) + (7 - 1) = 11
    expect(merged.map(({ data }) => [...new Set(Array.from(data, Number))])).toEqual([[11], [-11], [5.5]]);
  });

  test('layers of two blocks, attention and gated units, merge as one', () => {
    const parts = [0, 1, 2, 3, 4, 5].map(() => commonOf(64, 0.4));
    const norms = commonOf(8, 0.1);
    const graph = graphOf((g) => {
      let x = stem(g, [1, 6, 5]);
      const linear = (v: ValueId, part: number) => g.add('linear', [v, g.constant([8, 8], parts[part]!(0.02))]);
      const norm = (v: ValueId) => {
        const gamma = g.constant(
          [8],
          norms(0.02).map((n) => n + 1),
        );
        return g.add('layerNorm', [v, gamma, g.constant([8], norms(0.02))], { axis: 2, epsilon: 1e-5 });
      };
      const heads = (v: ValueId) =>
        g.add('transpose', [g.add('reshape', [v], { shape: [1, 6, 2, 4] })], { perm: [0, 2, 1, 3] });
      for (let i = 0; i < 3; i++) {
        const n = norm(x);
        const [q, k, v] = [0, 1, 2].map((part) => heads(linear(n, part)));
        const mixed = g.add('attention', [q!, k!, v!], { scale: 0.5 });
        const joined = g.add('reshape', [g.add('transpose', [mixed], { perm: [0, 2, 1, 3] })], { shape: [1, 6, 8] });
        x = g.add('add', [x, linear(joined, 3)]);
        x = g.add('add', [linear(g.add('gelu', [linear(norm(x), 4)]), 5), x]);
      }
      return x;
    });
    const samples = samplesFor(graph, 60);
    const found = levelsOf(graph, dropBlocks, samples);
    expect(found.length).toBe(6);
    expect(found.map((f) => mergers(f).length)).toEqual([0, 0, 0, 0, 0, 1]);
    const level = found[5]!.levels.find(({ label }) => label.startsWith('merged'))!;
    const merged = take(graph, [found[5]!.candidate, level]);
    expect(merged.nodes.filter(({ op }) => op === 'attention').length).toBe(1);
    expect(level.parameters).toBe(6 * 64);
    expect(weightsIn(merged)).toBe(40 + 6 * 64);
    expect(outputError(graph, merged, samples, 2) / level.error).toBeCloseTo(1, 2);
  });

  test('runs that overlap are taken together without harm', () => {
    const block = mlpBlocks(0.02);
    const graph = graphOf((g) => {
      let x = stem(g);
      for (let i = 0; i < 5; i++) x = block(g, x);
      return x;
    });
    const found = levelsOf(graph, dropBlocks, samplesFor(graph, 100));
    expect(found.map((f) => mergers(f).length)).toEqual([0, 0, 1, 2, 2]);
    const chosen = found
      .slice(2)
      .map((f) => [f.candidate, f.levels.find(({ label }) => label.startsWith('merged'))!] as const);
    const all = take(graph, ...chosen);
    expect(weightsIn(all)).toBe(40 + 192);
  });
});

describe('what does not merge', () => {
  const cases: readonly [string, (g: Sketch) => ValueId][] = [
    [
      'two blocks',
      (g) => {
        const block = mlpBlocks(0.1);
        return block(g, block(g, stem(g)));
      },
    ],
    [
      'another activation',
      (g) => {
        const block = mlpBlocks(0.1);
        return block(g, block(g, block(g, stem(g)), 'gelu'));
      },
    ],
    [
      'a value between that is read elsewhere',
      (g) => {
        const block = mlpBlocks(0.1);
        const second = block(g, block(g, stem(g)));
        g.output(second);
        return block(g, second);
      },
    ],
    [
      'other widths',
      (g) => {
        let x = stem(g);
        for (const width of [12, 16, 12]) {
          const hidden = g.add('relu', [g.add('linear', [x, g.constant([width, 8])])]);
          x = g.add('add', [x, g.add('linear', [hidden, g.constant([8, width])])]);
        }
        return x;
      },
    ],
    [
      'other constants that are no weights',
      (g) => {
        let x = stem(g);
        for (const index of [0, 1, 0]) {
          const order = g.constant(
            [8],
            [0, 1, 2, 3, 4, 5, 6, 7].map((i) => (i + index) % 8),
            'int32',
          );
          x = g.add('add', [x, g.add('linear', [g.add('gather', [x, order], { axis: 1 }), g.constant([8, 8])])]);
        }
        return x;
      },
    ],
  ];
  test.each(cases)('%s', (_, draw) => {
    const graph = graphOf(draw);
    const blocks = findResidualBlocks(graph);
    expect(blocks.length).toBeGreaterThan(1);
    expect(findMergeableRuns(graph, blocks)).toEqual([]);
  });
});
