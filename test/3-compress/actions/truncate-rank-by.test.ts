import { describe, expect, test } from 'vitest';
import { truncateRank, truncateRankBy, type Weighting } from '../../../compiler/3-compress/actions/truncate-rank.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf } from '../pass-case.ts';
import { levelsOf, makeSamples, measuredError, take } from './level-case.ts';

/** 16 -> 16 by weights without structure. */
const layer = (sizes: readonly number[] = [1, 16]): Graph => {
  const random = makeRandom(5);
  const isConv = sizes.length > 2;
  return graphOf((g) =>
    g.add(isConv ? 'conv' : 'linear', [
      g.input(sizes),
      g.constant(isConv ? [16, 16, 3] : [16, 16], [...random.reals(isConv ? 768 : 256, -0.5, 0.5)]),
      g.constant([16], [...random.reals(16, -2, 2)]),
    ]),
  );
};

const errorAt = (graph: Graph, weighting: Weighting, rank: number, samples: readonly Feeds[]): number => {
  const [found] = levelsOf(truncateRankBy(weighting), graph, samples);
  const level = found!.levels.find(({ label }) => label === `rank ${rank}`)!;
  return measuredError(graph, take(graph, [{ candidate: found!.candidate, level }]), samples, 1);
};

/** Uneven: element i is scaled by 2^(-i / 2). Correlated: all elements follow four. */
const uneven = (z: Float32Array): Float32Array => z.map((v, i) => v * 2 ** (-(i % 16) / 2));
const correlated = (z: Float32Array): Float32Array => {
  const mix = makeRandom(6).reals(16 * 4);
  return z.map((v, i) => 0.05 * v + [0, 1, 2, 3].reduce((sum, j) => sum + mix[i * 4 + j]! * z[j]!, 0));
};

describe('what the data says is worth', () => {
  test('uneven inputs: the diagonal finds what plain weights miss', () => {
    const graph = layer();
    const samples = makeSamples(graph, 1500, 1, uneven);
    const [none, diagonal, full] = (['none', 'diagonal', 'full'] as const).map((w) => errorAt(graph, w, 4, samples));
    expect(none).toBeGreaterThan(3 * diagonal!);
    expect(full).toBeLessThanOrEqual(1.01 * diagonal!);
  });

  test('correlated inputs: only the full covariance sees it', () => {
    const graph = layer();
    const samples = makeSamples(graph, 1500, 1, correlated);
    const [none, diagonal, full] = (['none', 'diagonal', 'full'] as const).map((w) => errorAt(graph, w, 4, samples));
    expect(full).toBeLessThan(0.05);
    expect(none).toBeGreaterThan(5 * full!);
    expect(diagonal).toBeGreaterThan(5 * full!);
  });

  test('white inputs: all three predict what is measured', () => {
    const graph = layer();
    const samples = makeSamples(graph, 4000, 1);
    for (const weighting of ['none', 'diagonal', 'full'] as const) {
      const [found] = levelsOf(truncateRankBy(weighting), graph, samples);
      for (const level of found!.levels) {
        const measured = measuredError(graph, take(graph, [{ candidate: found!.candidate, level }]), samples, 1);
        expect(measured / level.error, `${weighting} ${level.label}`).toBeGreaterThan(0.9);
        expect(measured / level.error, `${weighting} ${level.label}`).toBeLessThan(1.1);
      }
    }
  });

  test('convolutions: a channel counts at all its taps', () => {
    const graph = layer([1, 16, 20]);
    const scaled = (z: Float32Array): Float32Array => z.map((v, i) => v * 2 ** (-Math.floor(i / 20) / 2));
    const samples = makeSamples(graph, 200, 1, scaled);
    const [none, diagonal] = (['none', 'diagonal'] as const).map((w) => errorAt(graph, w, 8, samples));
    expect(none).toBeGreaterThan(1.3 * diagonal!);
  });
});

describe('what is read further on', () => {
  /** 16 -> 12, of which the first six are large and hardly read -> 4. */
  const random = makeRandom(7);
  const isLarge = (unit: number): boolean => unit < 6;
  const network = graphOf((g) => {
    const w1 = [...random.reals(12 * 16, -1, 1)].map((v, i) => (isLarge(Math.floor(i / 16)) ? 10 * v : v));
    const w2 = [...random.reals(4 * 12, -1, 1)].map((v, i) => (isLarge(i % 12) ? 1e-3 * v : v));
    const h = g.add('linear', [g.input([1, 16]), g.constant([12, 16], w1), g.constant([12], 0.1)]);
    return g.add('linear', [g.add('relu', [h]), g.constant([4, 12], w2), g.constant([4], 0.1)]);
  });
  const samples = makeSamples(network, 1000, 1);
  const [inner] = levelsOf(truncateRank, network, samples);

  test('is what ranks keep, however small it is', () => {
    const level = inner!.levels.find(({ label }) => label === 'rank 6')!;
    expect(measuredError(network, take(network, [{ candidate: inner!.candidate, level }]), samples, 1)).toBeLessThan(
      0.01,
    );
    // by itself the layer loses nearly all that is read
    const alone = { ...network, outputs: [{ name: 'y0', value: inner!.candidate.output }] };
    const [plain] = levelsOf(truncateRank, alone, samples);
    const blind = plain!.levels.find(({ label }) => label === 'rank 6')!;
    const changed = take(network, [{ candidate: inner!.candidate, level: blind }]);
    expect(measuredError(network, changed, samples, 1)).toBeGreaterThan(0.3);
  });

  test('errors are predicted in one unit: as white noise on the outputs would do', () => {
    const errors = inner!.levels.map(({ error }) => error);
    for (const [i, error] of errors.slice(1).entries()) expect(error).toBeGreaterThanOrEqual(errors[i]!);
    expect(errors.at(-1)).toBeLessThan(1);
  });
});

test('plain weights need no statistics', () => {
  const [candidate] = truncateRankBy('none')(layer());
  expect(candidate!.requests).toEqual([]);
  expect(candidate!.levels(new Map()).length).toBeGreaterThan(0);
  expect(truncateRankBy('diagonal')(layer())[0]!.levels(new Map())).toEqual([]);
});

test('full is what truncate-rank does', () => {
  const graph = layer();
  const samples = makeSamples(graph, 100, 1, correlated);
  const pick = (found: ReturnType<typeof levelsOf>) => found[0]!.levels.map(({ label, error }) => [label, error]);
  expect(pick(levelsOf(truncateRank, graph, samples))).toEqual(pick(levelsOf(truncateRankBy('full'), graph, samples)));
});
