import { describe, expect, it, test } from 'vitest';
import { equaliseForIntegers } from '../../compiler/3-compress/actions/equalise-for-integers.ts';
import { integerError } from '../../compiler/3-compress/actions/quantize-activations.ts';
import { sampleInputRows } from '../../compiler/3-compress/calibrate/input-rows.ts';
import { largestMagnitudes, measureSpreads } from '../../compiler/3-compress/calibrate/spread.ts';
import { findHomogeneousPairs } from '../../compiler/3-compress/homogeneous-pairs.ts';
import { equaliseChannels } from '../../compiler/3-compress/passes/equalise-channels.ts';
import { chooseEncoding } from '../../compiler/3-compress/plan/choose-encoding.ts';
import { noPrices } from '../../compiler/3-compress/plan/prices.ts';
import { makeQuantise } from '../../compiler/3-compress/plan/quantise.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { verifyGraph } from '../../compiler/ir/verify.ts';
import { findLayers } from '../../compiler/rewrite/layers.ts';
import { makeRunner } from '../../compiler/trial/make-runner.ts';
import { makeRandom } from '../harness/random.ts';
import { outputError, samplesFor } from './actions/cut-case.ts';
import { graphOf, type Sketch } from './pass-case.ts';

const reals = (count: number, seed: number, scale: (i: number) => number = () => 1): number[] =>
  [...makeRandom(seed).reals(count, -1, 1)].map((v, i) => v * scale(i));

/** Channels of badly spread sizes, from 1/32 to 32. */
const sizeOf = (channel: number): number => 2 ** (((channel * 5) % 11) - 5);

/** 12 -> 16 spread channels -> f -> 16 spread the other way -> 8, with `between` for f. */
const spread = (g: Sketch, between: (h: ValueId) => ValueId): ValueId => {
  const w1 = g.constant(
    [16, 12],
    reals(192, 1, (i) => sizeOf(Math.floor(i / 12))),
  );
  const b1 = g.constant(
    [16],
    reals(16, 2, (i) => 0.3 * sizeOf(i)),
  );
  const w2 = g.constant(
    [8, 16],
    reals(128, 3, (i) => 1 / sizeOf(i % 16)),
  );
  const hidden = between(g.add('linear', [g.input([1, 12]), w1, b1]));
  return g.add('linear', [hidden, w2, g.constant([8], reals(8, 4))]);
};

const rangesOf = (graph: Graph, samples: ReturnType<typeof samplesFor>) => {
  const values = findHomogeneousPairs(graph).map(({ x }) => ({ id: x.value, axis: x.axis }));
  const spreads = measureSpreads(graph, values, samples, makeRunner);
  return new Map([...spreads].map(([id, spread]) => [id, largestMagnitudes(spread)]));
};

const rowRanges = (data: ArrayLike<unknown>, rows: number): number[] => {
  const each = data.length / rows;
  return Array.from({ length: rows }, (_, n) =>
    Math.max(...Array.from({ length: each }, (_, k) => Math.abs(Number(data[n * each + k])))),
  );
};

describe('weights', () => {
  test('ranges of every channel are equal on both sides, outputs stay', () => {
    const graph = graphOf((g) => spread(g, (h) => g.add('relu', [h])));
    const { graph: equal, pairs } = equaliseChannels(graph);
    expect(pairs).toBe(1);
    const [first, second] = findLayers(verifyGraph(equal));
    const made = rowRanges(first!.weights.data, 16);
    const read = made.map((_, c) =>
      Math.max(...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => Math.abs(Number(second!.weights.data[n * 16 + c])))),
    );
    for (const [c, range] of made.entries()) expect(range / read[c]!).toBeCloseTo(1, 4);
    expect(outputError(graph, equal, samplesFor(graph, 50), 1)).toBeLessThan(1e-11);
    expect(graph.constants.size).toBe(equal.constants.size);
  });

  test('chains with depthwise convolutions settle; groups, pools, padding and flattening are passed', () => {
    const graph = graphOf((g) => {
      const w = (sizes: number[], seed: number, by: (i: number) => number) =>
        g.constant(
          sizes,
          reals(
            sizes.reduce((a, b) => a * b),
            seed,
            by,
          ),
        );
      const x = g.input([1, 3, 10, 10]);
      const slopes = g.constant([8, 1, 1], reals(8, 9));
      let h = g.add('conv', [x, w([8, 3, 3, 3], 1, (i) => sizeOf(Math.floor(i / 27))), g.constant([8], reals(8, 2))]);
      h = g.add('pad', [g.add('prelu', [h, slopes])], { pads: [0, 0, 1, 1, 0, 0, 1, 1] });
      h = g.add('conv', [h, w([16, 1, 3, 3], 3, (i) => sizeOf(Math.floor(i / 9) + 3))], { group: 8 });
      h = g.add('maxPool', [g.add('leakyRelu', [h], { alpha: 0.1 })], { kernel: [2, 2], strides: [2, 2] });
      h = g.add('conv', [h, w([8, 4, 1, 1], 5, (i) => sizeOf(i % 4))], { group: 4 });
      h = g.add('averagePool', [g.add('relu', [h])], { kernel: [2, 2], strides: [2, 2] });
      return g.add('linear', [g.add('reshape', [h], { shape: [1, 32] }), w([4, 32], 6, (i) => sizeOf(i % 32))]);
    });
    expect(findHomogeneousPairs(graph).length).toBe(3);
    const { graph: equal, pairs } = equaliseChannels(graph);
    expect(pairs).toBe(3);
    expect(outputError(graph, equal, samplesFor(graph, 20), 1)).toBeLessThan(1e-11);
    const steps = equaliseChannels(equal);
    for (const scale of steps.scales.values()) for (const s of scale) expect(Math.abs(Math.log(s))).toBeLessThan(0.05);
  });

  test('units that are never made or never read stay', () => {
    const graph = graphOf((g) => {
      const w1 = g.constant([4, 3], [0, 0, 0, ...reals(9, 1, () => 40)]);
      const w2 = g.constant([2, 4], [1, 0, 1, 1, 1, 0, 1, 1]);
      return g.add('linear', [g.add('relu', [g.add('linear', [g.input([1, 3]), w1])]), w2]);
    });
    const [scale] = [...equaliseChannels(graph).scales.values()];
    expect([scale![0], scale![1]]).toEqual([1, 1]);
    expect(scale![2]).toBeGreaterThan(2);
  });
});

describe('inputs in integers', () => {
  const graph = graphOf((g) => spread(g, (h) => g.add('relu', [h])));
  const samples = samplesFor(graph, 300);
  const int8Error = (made: Graph): number => {
    const quantise = makeQuantise(samples, makeRunner);
    const free = { storedByte: 0, removedByte: 0, memoryByte: 0, mac: 0, removedMac: 0, wantsIntegers: false };
    const quantised = quantise(made, { encoding: chooseEncoding('int8', free) });
    expect(quantised.actions.map(({ level }) => level)).toEqual(['int8 with inputs', 'int8 with inputs']);
    return outputError(graph, quantised.graph, samplesFor(graph, 100, 5), 1);
  };

  /** of the second layer, over one range of all channels */
  const plainError = (made: Graph): number => {
    const layer = findLayers(made)[1]!;
    return integerError(layer.weights, sampleInputRows(made, [layer], samples, makeRunner).get(layer.y)!, false);
  };

  it('err much less where channels were badly spread', () => {
    const before = int8Error(graph);
    for (const { graph: equal, pairs } of [
      equaliseChannels(graph),
      equaliseChannels(graph, rangesOf(graph, samples)),
      equaliseForIntegers(graph, samples, makeRunner),
    ]) {
      expect(pairs).toBe(1);
      expect(outputError(graph, equal, samples, 1)).toBeLessThan(1e-11);
      expect(int8Error(equal)).toBeLessThan(before / 3);
      expect(plainError(equal)).toBeLessThan(plainError(graph) / 10);
    }
  });

  it('are made ready for it by the quantiser, the same by name as where it helps', () => {
    const quantise = makeQuantise(samples, makeRunner);
    const int8 = chooseEncoding('int8', noPrices);
    const helped = quantise(graph, { encoding: int8, equalised: 'where it helps' });
    expect(helped.actions.map(({ pass }) => pass)).toEqual([
      'equalise-channels',
      'quantize-activations',
      'quantize-activations',
    ]);
    const place = helped.actions[0]!.place;
    const named = makeQuantise(samples, makeRunner)(graph, { encoding: int8, equalised: new Set([place]) });
    const test = samplesFor(graph, 50, 7);
    expect(outputError(helped.graph, named.graph, test, 1)).toBe(0);
    const alone = quantise(graph, { encoding: int8 });
    // dividing the inputs instead does as much, and takes a multiplication of each
    expect(outputError(graph, helped.graph, test, 1)).toBeLessThan(2 * outputError(graph, alone.graph, test, 1));
    const factors = ({ values }: Graph) => [...values.values()].filter(({ name }) => name.endsWith('.factors'));
    expect(factors(helped.graph)).toEqual([]);
    expect(factors(alone.graph)).toHaveLength(1);
  });

  it('are not made ready for it where nothing is stored', () => {
    const stored = makeQuantise(samples, makeRunner)(graph, { encoding: () => undefined, equalised: 'where it helps' });
    expect(stored.actions).toEqual([]);
    expect(stored.graph).toBe(graph);
  });

  it('balance the ranges of inputs with those of weights in units of their rows', () => {
    const ranges = rangesOf(graph, samples);
    const { graph: equal, scales } = equaliseChannels(graph, ranges);
    const [[value, scale]] = [...scales] as [[ValueId, Float64Array]];
    const second = findLayers(equal)[1]!;
    const largest = rowRanges(second.weights.data, 8);
    const read = Array.from({ length: 16 }, (_, c) =>
      Math.max(...largest.map((row, n) => Math.abs(Number(second.weights.data[n * 16 + c])) / row)),
    );
    const seen = rangesOf(equal, samples).get(value)!;
    const ratios = seen.map((range, c) => range / read[c]!);
    const mean = ratios.reduce((sum, r) => sum + Math.log(r), 0) / 16;
    for (const ratio of ratios) expect(Math.abs(Math.log(ratio) - mean)).toBeLessThan(0.05);
    for (const [c, s] of scale.entries()) expect(seen[c]! * s).toBeCloseTo(ranges.get(value)![c]!, 3);
  });

  it('stay where channels are equal already, or nothing is known', () => {
    const { graph: equal } = equaliseForIntegers(graph, samples, makeRunner);
    const again = equaliseForIntegers(equal, samples, makeRunner);
    expect(again.pairs).toBe(0);
    expect(again.graph).toBe(equal);
    expect(equaliseForIntegers(graph, [], makeRunner).graph).toBe(graph);
  });
});

describe('what is no pair', () => {
  const cases: readonly [string, (g: Sketch) => ValueId][] = [
    ['an activation that is not homogeneous', (g) => spread(g, (h) => g.add('gelu', [h]))],
    ['a clipped one', (g) => spread(g, (h) => g.add('clip', [h], { min: 0, max: 6 }))],
    [
      'units that are read elsewhere',
      (g) =>
        spread(g, (h) => {
          const hidden = g.add('relu', [h]);
          g.output(hidden);
          return hidden;
        }),
    ],
    ['a sum with something else', (g) => spread(g, (h) => g.add('add', [h, g.input([1, 16])]))],
    [
      'padding that is not zero',
      (g) => {
        const hidden = g.add('conv', [g.input([1, 2, 4, 4]), g.constant([4, 2, 1, 1])]);
        const padded = g.add('pad', [hidden], { pads: [0, 0, 1, 1, 0, 0, 1, 1], value: 1 });
        return g.add('conv', [padded, g.constant([2, 4, 3, 3])]);
      },
    ],
    [
      'weights that another layer shares',
      (g) => {
        const w = g.constant([4, 4]);
        return g.add('linear', [g.add('relu', [g.add('linear', [g.input([1, 4]), w])]), w]);
      },
    ],
    [
      'another dimension',
      (g) => {
        const hidden = g.add('linear', [g.input([1, 5, 3]), g.constant([4, 3])]);
        return g.add('linear', [g.add('transpose', [hidden], { perm: [0, 2, 1] }), g.constant([2, 5])]);
      },
    ],
  ];
  test.each(cases)('%s', (_, draw) => {
    const graph = verifyGraph(graphOf(draw));
    expect(findHomogeneousPairs(graph)).toEqual([]);
    expect(equaliseChannels(graph).graph).toBe(graph);
  });
});
