import { describe, expect, test } from 'vitest';
import { truncateEmbedding } from '../../../compiler/3-compress/actions/truncate-embedding.ts';
import { truncateRank } from '../../../compiler/3-compress/actions/truncate-rank.ts';
import { truncateTied } from '../../../compiler/3-compress/actions/truncate-tied.ts';
import { observe } from '../../../compiler/3-compress/calibrate/observe.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { verifyGraph } from '../../../compiler/ir/verify.ts';
import { findLayers } from '../../../compiler/rewrite/layers.ts';
import { tiedConstants } from '../../../compiler/rewrite/tied-constants.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { outputErrors, take } from './cut-case.ts';

const [vocabulary, width] = [60, 16];

/** Rows near `rank` directions, `noise` away from them. */
const tableOf = (rank: number, noise: number): number[] => {
  const random = makeRandom(8);
  const basis = [...random.reals(rank * width)];
  return Array.from({ length: vocabulary }, () => {
    const z = [...random.reals(rank)];
    const far = [...random.reals(width, -noise, noise)];
    return far.map((v, j) => 0.3 + v + z.reduce((sum, zk, k) => sum + zk * basis[k * width + j]!, 0));
  }).flat();
};

interface Kind {
  readonly rank?: number;
  readonly noise?: number;
  readonly isTransposed?: boolean;
  readonly hasBias?: boolean;
  readonly draw?: (g: Sketch, table: number) => void;
}

/** The rows are an output too, so that both readers can be measured. */
function language({ rank = 5, noise = 0.1, isTransposed = false, hasBias = false, draw = () => {} }: Kind = {}): Graph {
  return verifyGraph(
    graphOf((g) => {
      const random = makeRandom(9);
      const table = g.constant([vocabulary, width], tableOf(rank, noise));
      const rows = g.add('gather', [table, g.input([1, 6], 'int32')], { axis: 0 });
      draw(g, table);
      g.output(g.add('mul', [rows, g.constant([1], 2)]));
      const w = g.constant([width, width], [...random.reals(width * width)]);
      const hidden = g.add('tanh', [g.add('linear', [rows, w])]);
      const bias = g.constant([vocabulary], [...random.reals(vocabulary)]);
      if (!isTransposed) return g.add('linear', [hidden, table, ...(hasBias ? [bias] : [])]);
      const scores = g.add('matmul', [hidden, g.add('transpose', [table], { perm: [1, 0] })]);
      return hasBias ? g.add('add', [scores, bias]) : scores;
    }),
  );
}

const words = (count: number, seed = 4): Feeds[] => {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () => ({
    x0: Int32Array.from({ length: 6 }, () => Math.floor(vocabulary * random.real() ** 2)),
  }));
};

function levelsOf(graph: Graph, samples: readonly Feeds[]) {
  const [candidate, ...others] = truncateTied(graph);
  expect(others).toEqual([]);
  const statistics = observe(graph, candidate!.requests, samples, makeRunner);
  return { candidate: candidate!, levels: candidate!.levels(statistics) };
}

describe.each<[string, Kind]>([
  ['one constant', {}],
  ['one constant, a bias', { hasBias: true }],
  ['transposed for the layer', { isTransposed: true }],
  ['transposed, a bias', { isTransposed: true, hasBias: true }],
])('%s', (_, kind) => {
  test('a table of low rank is factored once, exactly', () => {
    const graph = optimise(language({ ...kind, noise: 0 })).graph;
    const { candidate, levels } = levelsOf(graph, words(200));
    expect(candidate).toMatchObject({ pass: 'truncate-rank', isHead: true, parameters: vocabulary * width });
    // five directions: the mean of the rows needs none in the rows, but one in the weights
    const level = levels.find(({ label }) => label === 'rank 6, tied')!;
    expect(level.parameters).toBe(6 * (vocabulary + 2 * width));
    const after = take(graph, [candidate, level]);
    const tables = [...after.constants].filter(([, { shape }]) => shape[0]!.size === vocabulary && shape.length === 2);
    expect(tables.map(([, { shape }]) => shape[1]!.size)).toEqual([6, 6]);
    expect(tiedConstants(after)).toEqual(new Map([[tables[0]![0], tables[1]![0]]]));
    expect(level.error).toBeLessThan(1e-6);
  });

  test('the predicted error is that of both readers', () => {
    const graph = optimise(language(kind)).graph;
    const samples = words(400);
    const { candidate, levels } = levelsOf(graph, samples);
    const level = levels.find(({ label }) => label === 'rank 4, tied')!;
    const others = [...level.others!];
    // The layer alone, then the rows alone: what the one does to the other is measured with the whole.
    const layer = outputErrors(graph, take(graph, [candidate, { ...level, others: new Map() }]), samples, 2);
    const rows = outputErrors(
      graph,
      take(graph, [
        { ...candidate, output: others[0]![0] },
        { ...level, rule: others[0]![1], others: new Map() },
      ]),
      samples,
      2,
    );
    expect((layer.get('y1')! + rows.get('y0')!) / level.error).toBeCloseTo(1, 2);
  });
});

describe('what is left alone', () => {
  test('one reader of a tied table: no other pass factors it by itself', () => {
    const graph = optimise(language({ isTransposed: true })).graph;
    expect(tiedConstants(graph).size).toBe(1);
    expect(truncateEmbedding(graph)).toEqual([]);
    const widths = findLayers(graph).map(({ outputs }) => outputs);
    expect(widths).toEqual([width]);
    expect(truncateRank(graph).map(({ parameters }) => parameters)).toEqual([width * width]);
  });

  test.each<[string, Kind]>([
    ['a third reader', { draw: (g, table) => g.output(g.add('linear', [g.input([1, width]), table])) }],
    ['the table as an output', { draw: (g, table) => g.output(g.add('tanh', [table])) }],
  ])('%s', (_, kind) => expect(truncateTied(language(kind))).toEqual([]));
});
