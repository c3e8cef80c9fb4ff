import { describe, expect, test } from 'vitest';
import { truncateEmbedding } from '../../../compiler/3-compress/actions/truncate-embedding.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { levelsOf, measuredError, take, weightCount } from './level-case.ts';

const [vocabulary, width, length] = [60, 12, 7];

/** Rows that mix `sources` directions around a mean, those of odd words other directions than those of even words. */
function rowsOf(sources: number, isSplit: boolean): number[] {
  const random = makeRandom(3);
  const bases = [0, 1].map(() => random.reals(sources * width));
  const mean = random.reals(width, 1, 2);
  return Array.from({ length: vocabulary }, (_, word) => {
    const basis = bases[isSplit ? word % 2 : 0]!;
    const weights = random.reals(sources);
    return Array.from({ length: width }, (_, j) =>
      weights.reduce((sum, w, s) => sum + w * basis[s * width + j]!, mean[j]!),
    );
  }).flat();
}

const embedding = (rows: readonly number[]): Graph =>
  graphOf((g) => g.add('gather', [g.constant([vocabulary, width], rows), g.input([2, length], 'int32')], { axis: 0 }));

/** Words of which `share` are even. */
function makeWords(count: number, seed: number, share = 0.5): Feeds[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () => ({
    x0: Int32Array.from(
      { length: 2 * length },
      () => 2 * random.int(0, vocabulary / 2 - 1) + (random.chance(share) ? 0 : 1),
    ),
  }));
}

test('three directions around a mean: exact', () => {
  const graph = embedding(rowsOf(3, false));
  const [found, ...others] = levelsOf(truncateEmbedding, graph, makeWords(40, 1));
  expect(others).toEqual([]);
  const { candidate, levels } = found!;
  expect(candidate).toMatchObject({ pass: 'truncate-rank', axis: 2, parameters: vocabulary * width, macs: 0 });
  const level = levels.find(({ label }) => label === 'rank 3')!;
  expect(level).toMatchObject({ parameters: 3 * (vocabulary + width), macs: 3 * width * 2 * length });
  const after = take(graph, [{ candidate, level }]);
  expect(after.nodes.map(({ op }) => op)).toEqual(['gather', 'linear']);
  expect(weightCount(after)).toBe(level.parameters);
  expect(measuredError(graph, after, makeWords(40, 2), 2)).toBeLessThan(1e-9);
});

test('predicted and measured error', () => {
  const graph = embedding(rowsOf(10, false));
  const words = makeWords(300, 1, 0.8);
  const [{ candidate, levels }] = levelsOf(truncateEmbedding, graph, words) as [ReturnType<typeof levelsOf>[0]];
  expect(levels.map(({ label }) => label)).toEqual([
    'rank 8',
    'rank 7',
    'rank 6',
    'rank 5',
    'rank 4',
    'rank 3',
    'rank 2',
    'rank 1',
  ]);
  for (const level of levels) {
    const measured = measuredError(graph, take(graph, [{ candidate, level }]), words, 2);
    expect(measured / level.error, level.label).toBeGreaterThan(0.99);
    expect(measured / level.error, level.label).toBeLessThan(1.01);
  }
});

test('frequent words decide, words never seen are not forgotten', () => {
  const graph = embedding(rowsOf(4, true));
  const even = makeWords(300, 1, 1);
  const odd = makeWords(300, 2, 0);
  const errorsAfter = (samples: readonly Feeds[], rank: number) => {
    const [{ candidate, levels }] = levelsOf(truncateEmbedding, graph, samples) as [ReturnType<typeof levelsOf>[0]];
    const after = take(graph, [{ candidate, level: levels.find(({ label }) => label === `rank ${rank}`)! }]);
    return { even: measuredError(graph, after, even, 2), odd: measuredError(graph, after, odd, 2) };
  };
  const mixed = errorsAfter(makeWords(300, 3), 4);
  const onEven = errorsAfter(even, 4);
  expect(onEven.even).toBeLessThan(mixed.even / 3);
  // Rank 8 holds both halves, although only one is ever read.
  expect(errorsAfter(even, 8).odd).toBeLessThan(1e-6);
});

test('without statistics every row counts once', () => {
  const [candidate] = truncateEmbedding(embedding(rowsOf(3, false)));
  const level = candidate!.levels(new Map()).find(({ label }) => label === 'rank 3');
  expect(level?.error).toBeLessThan(1e-9);
});

describe('must not fire', () => {
  const cases: readonly [string, (g: Sketch) => ValueId][] = [
    [
      'a table that is read twice',
      (g) => {
        const [table, x] = [g.constant([40, 8]), g.input([3], 'int32')];
        return g.add('linear', [g.add('gather', [table, x], { axis: 0 }), table]);
      },
    ],
    ['columns', (g) => g.add('gather', [g.constant([8, 40]), g.input([3], 'int32')], { axis: 1 })],
    ['a list of numbers', (g) => g.add('gather', [g.constant([40]), g.input([3], 'int32')], { axis: 0 })],
    ['a live table', (g) => g.add('gather', [g.input([40, 8]), g.input([3], 'int32')], { axis: 0 })],
    ['integers', (g) => g.add('gather', [g.constant([40, 8], 3, 'int32'), g.input([3], 'int32')], { axis: 0 })],
  ];
  test.each(cases)('%s', (_, draw) => expect(truncateEmbedding(graphOf(draw))).toEqual([]));

  test.each([
    ['a table of no variance', (g: Sketch) => g.constant([40, 8], 2)],
    ['a table with NaN', (g: Sketch) => g.constant([40, 8], [Number.NaN, ...new Array<number>(319).fill(1)])],
    ['a table of few rows, which two factors would enlarge', (g: Sketch) => g.constant([1, 8])],
  ])('no levels: %s', (_, table) => {
    const graph = graphOf((g) => g.add('gather', [table(g), g.input([3], 'int32')], { axis: 0 }));
    expect(truncateEmbedding(graph)[0]!.levels(new Map())).toEqual([]);
  });
});
