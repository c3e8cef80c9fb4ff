import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { type ChannelGroup, findChannelGroups, prefixOrder } from '../../compiler/rewrite/channel-groups.ts';
import { cutPrefixes, leastWidth, placesOf } from '../../compiler/rewrite/cut-prefix.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import { graphOf, type Sketch } from '../3-compress/pass-case.ts';
import { makeRandom } from '../harness/random.ts';

const run = (graph: Graph): number[] => {
  const feeds = new Map(
    graph.inputs.map((id) => {
      const { name, type } = graph.values.get(id)!;
      const sizes = sizesOf(type.shape);
      const count = sizes.reduce((a, b) => a * b, 1);
      return [name, tensorOf(type.dtype, sizes, [...makeRandom(3).reals(count)])] as const;
    }),
  );
  return [...evaluateGraph(graph, feeds, 'float64').values()].flatMap(({ data }) => Array.from(data, Number));
};

const weightsOf = (graph: Graph): number[][] =>
  [...graph.constants.values()].map(({ shape }) => sizesOf(shape)).filter((sizes) => sizes.length > 1);

const onlyGroup = (graph: Graph): ChannelGroup => {
  const { groups } = findChannelGroups(graph);
  expect(groups.length).toBe(1);
  return groups[0]!;
};

const linear = (g: Sketch, x: ValueId, n: number, k: number): ValueId =>
  g.add('linear', [x, g.constant([n, k]), g.constant([n])]);

/** What the units are multiplied by where they are read: `scale` for the first of them, 0 for the others. */
const maskOf = (units: readonly number[], width: number, scale: number): number[] =>
  units.map((place) => (place < width ? scale : 0));

/** Two layers [1, 4] -> 3 and 5 units side by side, sigmoid, read by one layer; by another the first of them alone. */
const sideBySide = (mask: readonly number[] = new Array<number>(8).fill(1)): Graph =>
  graphOf((g) => {
    const x = g.input([1, 4]);
    const a = g.add('sigmoid', [linear(g, x, 3, 4)]);
    const b = g.add('sigmoid', [linear(g, x, 5, 4)]);
    const isPlain = mask.every((m) => m === 1);
    const times = (value: ValueId, by: readonly number[]) =>
      isPlain ? value : g.add('mul', [value, g.constant([by.length], by)]);
    const joined = times(g.add('concat', [a, b], { axis: 1 }), mask);
    return g.add('add', [linear(g, joined, 2, 8), linear(g, times(a, mask.slice(0, 3)), 2, 3)]);
  });

/** conv, batchNorm, relu, depthwise conv with a bias, sigmoid, maxPool, flattened, linear: 6 channels */
const image = (mask: readonly number[] = new Array<number>(6).fill(1)): Graph =>
  graphOf((g) => {
    const made = g.add('conv', [g.input([1, 2, 4, 4]), g.constant([6, 2, 3, 3])], { pads: [1, 1, 1, 1] });
    const standard = g.add('batchNorm', [made, ...[0, 1, 2, 3].map(() => g.constant([6]))]);
    const filtered = g.add('conv', [g.add('relu', [standard]), g.constant([6, 1, 3, 3]), g.constant([6])], {
      group: 6,
    });
    const pooled = g.add('maxPool', [g.add('sigmoid', [filtered])], { kernel: [2, 1], strides: [1, 1] });
    const isPlain = mask.every((m) => m === 1);
    const masked = isPlain ? pooled : g.add('mul', [pooled, g.constant([6, 1, 1], mask)]);
    return linear(g, g.add('reshape', [masked], { shape: [1, 12] }), 3, 12);
  });

describe('a cut to the first units', () => {
  test.each([
    [1, 1],
    [4, 1],
    [4, 1.5],
    [6, 2],
  ])('%i of 6 channels at scale %f: what readers answer where the others are 0', (width, scale) => {
    const cut = cutPrefixes(image(), [{ group: onlyGroup(image()), width, scale }]);
    expect(weightsOf(cut)).toEqual([
      [width, 2, 3, 3],
      [width, 1, 3, 3],
      [3, 2 * width],
    ]);
    const wanted = run(image(maskOf([0, 1, 2, 3, 4, 5], width, scale)));
    run(cut).forEach((v, i) => {
      expect(v).toBeCloseTo(wanted[i]!, 5);
    });
  });

  test('layers side by side give their units in turn', () => {
    const group = onlyGroup(sideBySide());
    expect(prefixOrder(group)).toEqual([0, 3, 1, 4, 2, 5, 6, 7]);
    expect(placesOf(group)).toEqual([0, 2, 4, 1, 3, 5, 6, 7]);
    for (const width of [2, 3, 5, 7]) {
      const cut = cutPrefixes(sideBySide(), [{ group, width, scale: 1 }]);
      const mask = maskOf(placesOf(group), width, 1);
      const own = mask.slice(0, 3).filter((m) => m === 1).length;
      expect(weightsOf(cut)).toEqual([
        [own, 4],
        [width - own, 4],
        [2, width],
        [2, own],
      ]);
      const wanted = run(sideBySide(mask));
      run(cut).forEach((v, i) => {
        expect(v).toBeCloseTo(wanted[i]!, 5);
      });
    }
  });

  test('every reader is left one unit', () => {
    const first = (isSecond: boolean) =>
      graphOf((g) => {
        const x = g.input([1, 4]);
        const [a, b] = [linear(g, x, 3, 4), linear(g, x, 5, 4)];
        return g.add('add', [
          linear(g, g.add('concat', [a, b], { axis: 1 }), 2, 8),
          linear(g, isSecond ? b : a, 2, isSecond ? 5 : 3),
        ]);
      });
    expect(leastWidth(onlyGroup(first(false)))).toBe(1);
    expect(leastWidth(onlyGroup(first(true)))).toBe(2);
  });

  test('groups are cut at once, one behind another; all units at scale 1 is no cut', () => {
    const graph = graphOf((g) => {
      const one = g.add('relu', [linear(g, g.input([1, 4]), 6, 4)]);
      return linear(g, g.add('relu', [linear(g, one, 5, 6)]), 3, 5);
    });
    const { groups } = findChannelGroups(graph);
    const cut = (widths: readonly number[]) =>
      cutPrefixes(
        graph,
        groups.map((group, i) => ({ group, width: widths[i]!, scale: 1 })),
      );
    expect(weightsOf(cut([2, 3]))).toEqual([
      [2, 4],
      [3, 2],
      [3, 3],
    ]);
    expect(weightsOf(cut([6, 5]))).toEqual(weightsOf(graph));
    expect(run(cut([6, 5]))).toEqual(run(graph));
  });
});
