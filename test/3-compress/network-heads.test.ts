import { describe, expect, test } from 'vitest';
import { truncateChannels } from '../../compiler/3-compress/actions/truncate-channels.ts';
import { truncateRank } from '../../compiler/3-compress/actions/truncate-rank.ts';
import type { FindCandidates } from '../../compiler/3-compress/candidate.ts';
import { networkHeadsOf } from '../../compiler/3-compress/network-heads.ts';
import type { Switches } from '../../compiler/3-compress/plan/options.ts';
import { chooseByPrice } from '../../compiler/3-compress/plan/prices.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { makeRandom } from '../harness/random.ts';
import { levelsOf, makeSamples } from './actions/level-case.ts';
import { graphOf, type Sketch } from './pass-case.ts';

/** Ops of the layers that are heads, and of those that are not. */
function headNames(draw: (g: Sketch) => ValueId): { heads: number[]; others: number[] } {
  const graph = graphOf(draw);
  const isHead = networkHeadsOf(graph);
  const layers = graph.nodes.filter(({ op }) => op === 'linear' || op === 'conv');
  const places = layers.map(({ outputs: [y] }, i) => ({ i, head: isHead(y!) }));
  const of = (head: boolean) => places.filter((place) => place.head === head).map(({ i }) => i);
  return { heads: of(true), others: of(false) };
}

const linear = (g: Sketch, x: ValueId, n: number, k: number): ValueId =>
  g.add('linear', [x, g.constant([n, k]), g.constant([n])]);

describe('a head', () => {
  test('is what comes out, as it is', () =>
    expect(headNames((g) => linear(g, g.add('relu', [linear(g, g.input([1, 4]), 5, 4)]), 3, 5))).toEqual({
      heads: [1],
      others: [0],
    }));

  test('is what comes out by softmax, functions of it and movement', () =>
    expect(
      headNames((g) => {
        const y = linear(g, g.add('relu', [linear(g, g.input([2, 4]), 5, 4)]), 3, 5);
        const probability = g.add('softmax', [g.add('mul', [y, g.constant([3])])], { axis: 1 });
        return g.add('reshape', [g.add('sub', [probability, g.add('exp', [y])])], { shape: [6] });
      }),
    ).toEqual({ heads: [1], others: [0] }));

  test('is each of several that are joined', () =>
    expect(
      headNames((g) => {
        const x = g.add('relu', [linear(g, g.input([1, 4]), 5, 4)]);
        return g.add('concat', [linear(g, x, 2, 5), g.add('sigmoid', [linear(g, x, 3, 5)])], { axis: 1 });
      }),
    ).toEqual({ heads: [1, 2], others: [0] }));

  test('is nothing that others read as well', () =>
    expect(
      headNames((g) => {
        const hidden = linear(g, g.input([1, 4]), 5, 4);
        g.output(hidden);
        return linear(g, g.add('relu', [hidden]), 3, 5);
      }),
    ).toEqual({ heads: [1], others: [0] }));

  test('is no gate of a state', () =>
    expect(
      headNames((g) => {
        const gates = linear(g, g.input([1, 4]), 5, 4);
        return g.add('mul', [g.add('sigmoid', [gates]), g.input([1, 5])]);
      }),
    ).toEqual({ heads: [], others: [0] }));
});

/** 12 -> 12 of rank 3, relu, 12 -> 10 of rank 2; convolutions of 9 taps have that rank over their input channels. */
function rankedNetwork(isConv: boolean): Graph {
  const random = makeRandom(3);
  const [taps, tail] = isConv ? [9, [3, 3]] : [1, []];
  const weights = (n: number, rank: number, k: number): number[] => {
    const [a, b] = [random.reals(n * taps * rank), random.reals(rank * k)];
    return Array.from({ length: n * k * taps }, (_, at) => {
      const [output, channel, tap] = [Math.floor(at / (k * taps)), Math.floor(at / taps) % k, at % taps];
      let sum = 0;
      for (let r = 0; r < rank; r++) sum += a[(output * taps + tap) * rank + r]! * b[r * k + channel]!;
      return sum;
    });
  };
  return graphOf((g) => {
    const layer = (x: ValueId, n: number, rank: number): ValueId =>
      g.add(isConv ? 'conv' : 'linear', [x, g.constant([n, 12, ...tail], weights(n, rank, 12))]);
    return layer(g.add('relu', [layer(g.input(isConv ? [1, 12, 6, 6] : [1, 12]), 12, 3)]), 10, 2);
  });
}

const switches: Switches = { quantize: 'off', collapse: 'off', blocks: 'off', width: 'off', rank: 'auto' };
const free = { storedByte: 0, removedByte: 0, memoryByte: 0, mac: 0, removedMac: 0, wantsIntegers: false };

describe.each<[string, FindCandidates, boolean]>([
  ['truncate-rank', truncateRank, false],
  ['truncate-rank of channels', truncateChannels, true],
])('%s', (_, find, isConv) => {
  const graph = rankedNetwork(isConv);
  const found = levelsOf(find, graph, makeSamples(graph, 300, 1));

  test('leaves heads alone where a share of the variance is forced', () => {
    const choose = chooseByPrice(free, { ...switches, rank: 0.95 });
    const chosen = found.map(({ candidate, levels }) => choose({ ...candidate, sensitivity: 1 }, levels)?.label);
    expect(found.map(({ candidate }) => candidate.isHead)).toEqual([false, true]);
    expect(chosen).toEqual([expect.stringMatching(/[1-3]/), undefined]);
  });

  test('cuts heads where the data says that nothing is lost', () => {
    const choose = chooseByPrice({ ...free, removedByte: 1e-9 }, switches);
    const chosen = found.map(({ candidate, levels }) => choose({ ...candidate, sensitivity: 1 }, levels));
    expect(chosen.map((level) => level !== undefined)).toEqual([true, true]);
    expect(chosen[1]!.error).toBeLessThan(1e-6);
  });
});
