import { describe, expect, test } from 'vitest';
import { truncateChannels } from '../../../compiler/3-compress/actions/truncate-channels.ts';
import { truncateRank } from '../../../compiler/3-compress/actions/truncate-rank.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import type { Attributes } from '../../../compiler/ops/index.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { levelsOf, makeSamples, measuredError, take, weightCount } from './level-case.ts';

const random = makeRandom(21);
const draw = (g: Sketch, sizes: readonly number[]): ValueId =>
  g.constant(sizes, [
    ...random.reals(
      sizes.reduce((a, b) => a * b, 1),
      -0.5,
      0.5,
    ),
  ]);

/** 12 channels that mix those of x, with means of their own. */
const mix = (g: Sketch, x: ValueId, sources: number): ValueId =>
  g.add('conv', [x, draw(g, [12, sources, 1, 1]), draw(g, [12])]);

/** 12 channels, of `sources` directions if that is fewer, through a 3x3 convolution to 16. */
const convolved = (attributes: Attributes, sources = 12): Graph =>
  graphOf((g) => {
    const mixed = mix(g, g.input([1, sources, 10, 10]), sources);
    const x = sources < 12 ? mixed : g.add('relu', [mixed]);
    return g.add('conv', [x, draw(g, [16, 12, 3, 3]), draw(g, [16])], attributes);
  });

const only = <T>(list: readonly T[]): T => {
  expect(list).toHaveLength(1);
  return list[0]!;
};

const same = { pads: [1, 1, 1, 1] };

describe('convolutions', () => {
  test.each([
    ['no padding', {}],
    ['padding', same],
  ])('channels that are three in truth, %s: exact', (_, attributes) => {
    const graph = convolved(attributes, 3);
    const { candidate, levels } = only(levelsOf(truncateChannels, graph, makeSamples(graph, 60, 1)));
    // With padding the mean is a fourth direction.
    const rank = 'pads' in attributes ? 4 : 3;
    const level = levels.find(({ label }) => label === `rank ${rank} of 12 channels`)!;
    expect(level.error).toBeLessThan(1e-9);
    const after = take(graph, [{ candidate, level }]);
    expect(measuredError(graph, after, makeSamples(graph, 20, 2), 1)).toBeLessThan(1e-9);
    expect(after.nodes.map(({ op }) => op)).toEqual(['conv', 'conv', 'conv']);
  });

  test.each([
    ['no padding', {}],
    ['padding', same],
    ['strides and dilation', { strides: [1, 2], dilations: [2, 1], pads: [2, 0, 1, 1] }],
  ])('predicted and measured error, %s', (_, attributes) => {
    const graph = convolved(attributes);
    const { candidate, levels } = only(levelsOf(truncateChannels, graph, makeSamples(graph, 100, 1)));
    expect(candidate).toMatchObject({ pass: 'truncate-rank', axis: 1, parameters: 16 * 12 * 9 });
    expect(levels.length).toBeGreaterThan(3);
    const fresh = makeSamples(graph, 50, 2);
    let last = Number.POSITIVE_INFINITY;
    for (const level of levels) {
      expect(level.parameters).toBeLessThan(last);
      expect(level.macs).toBeLessThanOrEqual(candidate.macs);
      last = level.parameters;
      const after = take(graph, [{ candidate, level }]);
      expect(weightCount(graph) - weightCount(after)).toBe(candidate.parameters - level.parameters);
      const measured = measuredError(graph, after, fresh, 1);
      expect(measured / level.error, level.label).toBeGreaterThan(0.8);
      expect(measured / level.error, level.label).toBeLessThan(1.25);
    }
  });

  test.each([
    ['no padding', {}],
    ['padding', same],
  ])('the mean output stays, %s', (_, attributes) => {
    const graph = convolved(attributes);
    const samples = makeSamples(graph, 200, 1);
    const { candidate, levels } = only(levelsOf(truncateChannels, graph, samples));
    const after = take(graph, [{ candidate, level: levels.at(-1)! }]);
    const [wanted, given] = [graph, after].map((g) => meanOutput(g, samples.slice(0, 40)));
    const scale = Math.max(...wanted!.map(Math.abs));
    for (const [m, mean] of wanted!.entries()) expect(Math.abs(mean - given![m]!)).toBeLessThan(0.03 * scale);
  });

  test('strides that leave few outputs: the mix of all inputs must not cost more', () => {
    const graph = graphOf((g) =>
      g.add('conv', [g.add('relu', [g.input([1, 12, 64])]), draw(g, [2, 12, 3])], { strides: [3] }),
    );
    const { candidate, levels } = only(levelsOf(truncateChannels, graph, makeSamples(graph, 20, 1)));
    for (const { macs } of levels) expect(macs).toBeLessThanOrEqual(candidate.macs);
    expect(levels[0]!.parameters).toBeLessThan(2 * 12 * 3 - 30);
  });
});

/** Mean of each of the 16 channels of the only output. */
function meanOutput(graph: Graph, samples: readonly Feeds[]): number[] {
  const sums = new Array<number>(16).fill(0);
  const runner = makeRunner(graph);
  for (const feeds of samples) {
    const [data] = Object.values(runner.run(feeds));
    const inner = data!.length / sums.length;
    for (let i = 0; i < data!.length; i++) sums[Math.floor(i / inner)]! += Number(data![i]) / inner / samples.length;
  }
  return sums;
}

describe('a linear layer over a flattened image', () => {
  /** Positions vary by unequal amounts around means of their own, and the channels are `sources` mixed, relu'd. */
  const flattened = (sources: number, isRelu: boolean): Graph =>
    graphOf((g) => {
      const x = g.add('mul', [g.input([1, sources, 5, 4]), g.constant([1, 1, 5, 4])]);
      const centred = g.add('add', [x, g.constant([1, sources, 5, 4])]);
      const mixed = g.add('conv', [centred, draw(g, [12, sources, 1, 1])]);
      const flat = g.add('reshape', [isRelu ? g.add('relu', [mixed]) : mixed], { shape: [1, 240] });
      return g.add('linear', [flat, draw(g, [6, 240]), draw(g, [6])]);
    });

  test('channels that are three in truth: exact, position means included', () => {
    const graph = flattened(3, false);
    const { candidate, levels } = only(levelsOf(truncateChannels, graph, makeSamples(graph, 100, 1)));
    const level = levels.find(({ label }) => label === 'rank 3 of 12 channels')!;
    expect(level).toMatchObject({ parameters: 3 * (12 + 6 * 20), macs: 3 * (12 + 6) * 20 });
    expect(level.error).toBeLessThan(1e-6);
    const after = take(graph, [{ candidate, level }]);
    expect(measuredError(graph, after, makeSamples(graph, 50, 2), 1)).toBeLessThan(1e-6);
    expect(after.nodes.slice(-3).map(({ op }) => op)).toEqual(['conv', 'reshape', 'linear']);
  });

  test('predicted and measured error', () => {
    const graph = flattened(12, true);
    const { candidate, levels } = only(levelsOf(truncateChannels, graph, makeSamples(graph, 1000, 1)));
    const fresh = makeSamples(graph, 1000, 2);
    expect(levels.length).toBeGreaterThan(3);
    for (const level of levels) {
      const measured = measuredError(graph, take(graph, [{ candidate, level }]), fresh, 1);
      expect(measured / level.error, level.label).toBeGreaterThan(0.75);
      expect(measured / level.error, level.label).toBeLessThan(1.33);
    }
  });
});

describe('must not fire', () => {
  const cases: readonly [string, (g: Sketch) => ValueId][] = [
    ['pointwise: outputs serve as well', (g) => g.add('conv', [g.input([1, 12, 9]), draw(g, [16, 12, 1])])],
    ['one channel', (g) => g.add('conv', [g.input([1, 1, 9]), draw(g, [16, 1, 3])])],
    ['groups', (g) => g.add('conv', [g.input([1, 12, 9]), draw(g, [12, 6, 3])], { group: 2 })],
    ['too few outputs to save anything', (g) => g.add('conv', [g.input([1, 2, 9]), draw(g, [1, 2, 2])])],
    [
      'a linear layer over no image',
      (g) => g.add('linear', [g.add('reshape', [g.input([2, 6])], { shape: [1, 12] }), draw(g, [6, 12])]),
    ],
    [
      'rows that are parts of channels',
      (g) => g.add('linear', [g.add('reshape', [g.input([1, 4, 9])], { shape: [3, 12] }), draw(g, [6, 12])]),
    ],
    [
      'a flattened image that others read',
      (g) => {
        const flat = g.add('reshape', [g.input([1, 4, 9])], { shape: [1, 36] });
        return g.add('concat', [flat, g.add('linear', [flat, draw(g, [6, 36])])], { axis: 1 });
      },
    ],
  ];
  test.each(cases)('%s', (_, of) => expect(truncateChannels(graphOf(of))).toEqual([]));

  test('channels without variance have no levels', () => {
    const graph = graphOf((g) =>
      g.add('conv', [g.add('mul', [g.input([1, 12, 9]), g.constant([], 0)]), draw(g, [16, 12, 3])]),
    );
    expect(only(levelsOf(truncateChannels, graph, makeSamples(graph, 5, 1))).levels).toEqual([]);
  });
});

test('both sides, one after the other: Tucker-2', () => {
  // 4 channels in truth before, 5 after.
  const graph = graphOf((g) => {
    const x = g.add('conv', [g.input([1, 4, 8, 8]), draw(g, [12, 4, 1, 1])]);
    const inner = g.add('relu', [g.add('add', [x, g.constant([12, 1, 1], 9)])]);
    const low = random.reals(5 * 12 * 9, -0.5, 0.5);
    const out = random.reals(16 * 5, -0.5, 0.5);
    const weights = Array.from({ length: 16 * 108 }, (_, i) => {
      let sum = 0;
      for (let r = 0; r < 5; r++) sum += out[Math.floor(i / 108) * 5 + r]! * low[r * 108 + (i % 108)]!;
      return sum;
    });
    return g.add('conv', [inner, g.constant([16, 12, 3, 3], weights), draw(g, [16])]);
  });
  const samples = makeSamples(graph, 60, 1);
  const channel = levelsOf(truncateChannels, graph, samples).find(
    ({ candidate }) => candidate.parameters === 16 * 108,
  )!;
  const byChannel = take(graph, [
    { candidate: channel.candidate, level: channel.levels.find(({ label }) => label.startsWith('rank 4 '))! },
  ]);
  const second = levelsOf(truncateRank, byChannel, samples).find(
    ({ candidate }) => candidate.name === channel.candidate.name,
  )!;
  expect(second.candidate.parameters).toBe(16 * 4 * 9);
  const after = take(byChannel, [
    { candidate: second.candidate, level: second.levels.find(({ label }) => label === 'rank 6')! },
  ]);
  expect(weightCount(graph) - weightCount(after)).toBe(16 * 12 * 9 - (4 * 12 + 6 * 4 * 9 + 16 * 6));
  expect(after.nodes.map(({ op }) => op).filter((op) => op === 'conv')).toHaveLength(4);
  expect(measuredError(graph, after, makeSamples(graph, 30, 2), 1)).toBeLessThan(1e-8);
});
