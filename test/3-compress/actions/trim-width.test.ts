import { beforeEach, describe, expect, test } from 'vitest';
import { findWidths, trimWidth } from '../../../compiler/3-compress/actions/trim-width.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import type { Attributes } from '../../../compiler/ops/index.ts';
import { findChannelGroups } from '../../../compiler/rewrite/channel-groups.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { levelLabelled, levelsOf, outputError, outputErrors, samplesFor, take, weightsIn } from './cut-case.ts';

let random = makeRandom(5);
beforeEach(() => {
  random = makeRandom(5);
});

const numbers = (count: number): number[] => [...random.reals(count, -1, 1)];
/** Rows of `width` numbers of which there are only `distinct` kinds, scaled. */
const repeatedRows = (rows: number, width: number, distinct: number, factor = (_: number) => 1): number[] => {
  const kinds = Array.from({ length: distinct }, () => numbers(width));
  return Array.from({ length: rows }, (_, i) => kinds[i % distinct]!.map((v) => v * factor(i))).flat();
};

const linear = (g: Sketch, x: ValueId, n: number, k: number, w?: readonly number[], b?: readonly number[]): ValueId =>
  g.add('linear', [x, g.constant([n, k], w ?? numbers(n * k)), g.constant([n], b ?? numbers(n))]);
const conv = (g: Sketch, x: ValueId, sizes: readonly number[], attributes: Attributes = {}, w?: readonly number[]) => {
  const count = sizes.reduce((all, size) => all * size, 1);
  return g.add(
    'conv',
    [x, g.constant(sizes, w ?? numbers(count)), g.constant([sizes[0]!], numbers(sizes[0]!))],
    attributes,
  );
};
const depthwise = (g: Sketch, x: ValueId, channels: number, attributes: Attributes = {}) =>
  conv(g, x, [channels, 1, 3, 3], { group: channels, pads: [1, 1, 1, 1], ...attributes });

const mlp = (hidden: number, w?: readonly number[], b?: readonly number[]): Graph =>
  graphOf((g) => linear(g, g.add('relu', [linear(g, g.input([1, 6]), hidden, 6, w, b)]), 5, hidden));

describe('a hidden layer', () => {
  test('units that others repeat cost nothing, whatever their scale', () => {
    const scale = (i: number) => 1 + Math.floor(i / 4);
    const kinds = numbers(4);
    const graph = mlp(
      12,
      repeatedRows(12, 6, 4, scale),
      Array.from({ length: 12 }, (_, i) => kinds[i % 4]! * scale(i)),
    );
    const samples = samplesFor(graph, 200);
    const [found] = levelsOf(graph, trimWidth, samples);
    expect(found!.levels.map(({ label }) => label)).toEqual([
      '8 of 12',
      ...[7, 6, 5, 4, 3, 2, 1].map((width) => `${width} of 12`),
    ]);
    expect(found!.candidate).toMatchObject({ pass: 'trim-width', parameters: 12 * 11, macs: 12 * 11, axis: 1 });
    const level = levelLabelled(found!, '4 of 12');
    expect(level.error).toBeLessThan(1e-12);
    expect(level).toMatchObject({ parameters: 4 * 11, macs: 4 * 11 });
    const cut = take(graph, [found!.candidate, level]);
    expect(weightsIn(cut)).toBe(4 * 11);
    expect(outputError(graph, cut, samplesFor(graph, 50, 8), 1)).toBeLessThan(1e-6);
    expect(levelLabelled(found!, '3 of 12').error).toBeGreaterThan(1e-3);
  });

  test('dead and constant units go first, their constant into the bias', () => {
    const dead = [...new Array<number>(6 * 4).fill(0), ...numbers(6 * 4)];
    const graph = mlp(8, dead, [-1, -2, 3, 4, ...numbers(4)]);
    const samples = samplesFor(graph, 200);
    const [found] = levelsOf(graph, trimWidth, samples);
    const level = levelLabelled(found!, '4 of 8');
    expect(level.error).toBeLessThan(1e-12);
    expect(outputError(graph, take(graph, [found!.candidate, level]), samplesFor(graph, 50, 8), 1)).toBeLessThan(1e-6);
  });

  test('the predicted error is the measured one', () => {
    const graph = mlp(16);
    const samples = samplesFor(graph, 400);
    const [found] = levelsOf(graph, trimWidth, samples);
    let before = 0;
    for (const level of found!.levels) {
      const error = outputError(graph, take(graph, [found!.candidate, level]), samples, 1);
      expect(error / level.error).toBeCloseTo(1, 2);
      expect(level.error).toBeGreaterThanOrEqual(before);
      before = level.error;
    }
    expect(before).toBeGreaterThan(0.1);
  });

  test('what the reader ignores is cut before what varies less', () => {
    // unit 0 varies most and is not read
    const graph = graphOf((g) => {
      const hidden = linear(g, g.input([1, 3]), 3, 3, [9, 0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0]);
      return linear(g, g.add('tanh', [hidden]), 2, 3, [0, 1, 0, 0, 0, 1]);
    });
    const [found] = levelsOf(graph, trimWidth, samplesFor(graph, 200));
    expect(levelLabelled(found!, '2 of 3').error).toBeLessThan(1e-12);
  });

  test('what two readers see of a layer counts together', () => {
    const graph = graphOf((g) => {
      const hidden = g.add('relu', [linear(g, g.input([1, 6]), 12, 6)]);
      return g.add('concat', [linear(g, hidden, 5, 12), linear(g, hidden, 3, 12)], { axis: 1 });
    });
    const samples = samplesFor(graph, 300);
    const [found] = levelsOf(graph, trimWidth, samples);
    for (const label of ['8 of 12', '5 of 12', '2 of 12']) {
      const level = levelLabelled(found!, label);
      const error = outputError(graph, take(graph, [found!.candidate, level]), samples, 1);
      expect(error / level.error).toBeCloseTo(1, 2);
    }
  });

  test('prefix keeps the first units, refitted', () => {
    const rows = repeatedRows(8, 6, 4);
    const graph = mlp(8, rows, repeatedRows(8, 1, 4));
    const samples = samplesFor(graph, 200);
    const [found] = levelsOf(graph, findWidths('prefix'), samples);
    const level = levelLabelled(found!, '4 of 8');
    const cut = take(graph, [found!.candidate, level]);
    const [first] = [...cut.constants.values()].filter(({ shape }) => shape.length === 2);
    expect([...first!.data]).toEqual([...Float32Array.from(rows.slice(0, 4 * 6))]);
    expect(outputError(graph, cut, samples, 1)).toBeLessThan(1e-6);
    const [selected] = levelsOf(graph, trimWidth, samples);
    const shorter = levelLabelled(found!, '3 of 8');
    expect(outputError(graph, take(graph, [found!.candidate, shorter]), samples, 1)).toBeCloseTo(shorter.error, 3);
    expect(levelLabelled(selected!, '3 of 8').error).toBeLessThanOrEqual(shorter.error);
  });

  test('neighbours are cut in one rebuild', () => {
    const graph = graphOf((g) => {
      let x = g.input([1, 6]);
      for (const [n, k] of [
        [12, 6],
        [12, 12],
        [12, 12],
      ] as const)
        x = g.add('relu', [linear(g, x, n, k, repeatedRows(n, k, 4), repeatedRows(n, 1, 4))]);
      return linear(g, x, 3, 12);
    });
    const samples = samplesFor(graph, 200);
    const found = levelsOf(graph, trimWidth, samples);
    expect(found.length).toBe(3);
    const cut = take(graph, ...found.map((f) => [f.candidate, levelLabelled(f, '4 of 12')] as const));
    expect(weightsIn(cut)).toBe(4 * 6 + 4 * 4 + 4 * 4 + 3 * 4);
    expect(outputError(graph, cut, samplesFor(graph, 50, 9), 1)).toBeLessThan(1e-6);
    expect(cut.nodes.length).toBe(graph.nodes.length);
  });

  test('constants, normalisations and gates between are cut too', () => {
    const graph = graphOf((g) => {
      const x = g.input([1, 4, 6]);
      const gate = g.add('sigmoid', [linear(g, x, 8, 6, repeatedRows(8, 6, 4), repeatedRows(8, 1, 4))]);
      const up = g.add('mul', [linear(g, x, 8, 6, repeatedRows(8, 6, 4), repeatedRows(8, 1, 4)), g.constant([8], 2)]);
      const joined = g.add('add', [g.add('mul', [gate, up]), g.constant([1, 4, 8], 1)]);
      return linear(g, joined, 5, 8);
    });
    const samples = samplesFor(graph, 100);
    const [found, ...others] = levelsOf(graph, trimWidth, samples);
    expect(others).toEqual([]);
    const level = levelLabelled(found!, '4 of 8');
    expect(level).toMatchObject({ parameters: 2 * 4 * 6 + 5 * 4, macs: 4 * (2 * 4 * 6 + 5 * 4) });
    expect(outputError(graph, take(graph, [found!.candidate, level]), samples, 2)).toBeLessThan(1e-6);
  });
});

describe('gated units', () => {
  /** One layer for gates and, from `start` on, what they gate. */
  const fused = (g: Sketch, start: number, draw: (both: ValueId) => void = () => {}): ValueId => {
    const w = [...repeatedRows(8, 6, 4), ...repeatedRows(8, 6, 4)];
    const both = linear(g, g.input([1, 4, 6]), 16, 6, w, [...repeatedRows(8, 1, 4), ...repeatedRows(8, 1, 4)]);
    const half = (from: number) => g.add('slice', [both], { starts: [0, 0, from], sizes: [1, 4, 8], steps: [1, 1, 1] });
    draw(both);
    return linear(g, g.add('mul', [g.add('silu', [half(0)]), half(start)]), 5, 8);
  };

  test('gate and up projection are cut together: SwiGLU', () => {
    const graph = graphOf((g) => {
      const x = g.input([1, 4, 6]);
      const gate = g.add('silu', [linear(g, x, 16, 6)]);
      return linear(g, g.add('mul', [gate, linear(g, x, 16, 6)]), 5, 16);
    });
    const samples = samplesFor(graph, 200);
    const [found, ...others] = levelsOf(graph, trimWidth, samples);
    expect(others).toEqual([]);
    const level = levelLabelled(found!, '8 of 16');
    expect(level.parameters).toBe(2 * 8 * 6 + 5 * 8);
    const cut = take(graph, [found!.candidate, level]);
    expect(weightsIn(cut)).toBe(level.parameters);
    expect(outputError(graph, cut, samples, 2) / level.error).toBeCloseTo(1, 2);
  });

  test('made by one layer they become two, of the kept rows only', () => {
    const graph = graphOf((g) => fused(g, 8));
    const [found, ...others] = levelsOf(graph, trimWidth, samplesFor(graph, 100));
    expect(others).toEqual([]);
    const level = levelLabelled(found!, '4 of 8');
    expect(level).toMatchObject({ parameters: 2 * 4 * 6 + 5 * 4, macs: 4 * (2 * 4 * 6 + 5 * 4) });
    const cut = take(graph, [found!.candidate, level]);
    expect(weightsIn(cut)).toBe(level.parameters);
    expect(outputError(graph, cut, samplesFor(graph, 50, 9), 2)).toBeLessThan(1e-6);
    expect(optimise(cut).graph.nodes.map(({ op }) => op)).toEqual(['linear', 'silu', 'linear', 'mul', 'linear']);
  });

  test('are left alone where parts overlap, or the whole is read too', () => {
    for (const graph of [
      graphOf((g) => fused(g, 4)),
      graphOf((g) => fused(g, 8, (both) => g.output(both))),
      graphOf((g) => fused(g, 8, (both) => g.output(linear(g, both, 2, 16)))),
    ])
      expect(trimWidth(graph)).toEqual([]);
  });
});

describe('convolutions', () => {
  const twoLayers = (pads: number, w?: readonly number[]): Graph =>
    graphOf((g) => {
      const hidden = g.add('relu', [conv(g, g.input([1, 2, 9, 9]), [12, 2, 3, 3], {}, w)]);
      return conv(g, hidden, [3, 12, 3, 3], { pads: new Array<number>(4).fill(pads) });
    });

  test.each([0, 1])('repeated channels cost nothing with pads of %i', (pads) => {
    const graph = graphOf((g) => {
      const x = g.input([1, 2, 9, 9]);
      const w = g.constant([12, 2, 3, 3], repeatedRows(12, 18, 4));
      const hidden = g.add('relu', [g.add('conv', [x, w, g.constant([12], repeatedRows(12, 1, 4))])]);
      return conv(g, hidden, [3, 12, 3, 3], { pads: new Array<number>(4).fill(pads) });
    });
    const [found] = levelsOf(graph, trimWidth, samplesFor(graph, 30));
    const level = levelLabelled(found!, '4 of 12');
    expect(level.error).toBeLessThan(1e-12);
    const side = pads === 1 ? 7 : 5;
    expect(level).toMatchObject({ parameters: 4 * 18 + 3 * 4 * 9, macs: 4 * 18 * 49 + 3 * 4 * 9 * side * side });
    const cut = take(graph, [found!.candidate, level]);
    expect(outputError(graph, cut, samplesFor(graph, 20, 8), 1)).toBeLessThan(1e-6);
  });

  test('a constant channel is only free without padding', () => {
    const weights = [...new Array<number>(18).fill(0), ...numbers(11 * 18)];
    const build = (pads: number): Graph =>
      graphOf((g) => {
        const w = g.constant([12, 2, 3, 3], weights);
        const hidden = g.add('relu', [
          g.add('conv', [g.input([1, 2, 9, 9]), w, g.constant([12], [30, ...new Array<number>(11).fill(0.1)])]),
        ]);
        return conv(g, hidden, [3, 12, 3, 3], { pads: new Array<number>(4).fill(pads) });
      });
    const [free, padded] = [0, 1].map((pads) => {
      const graph = build(pads);
      const [found] = levelsOf(graph, trimWidth, samplesFor(graph, 30));
      const narrow = take(graph, [found!.candidate, levelLabelled(found!, '8 of 12')]);
      const first = [...narrow.constants.values()].find(({ shape }) => shape.length === 1 && shape[0]!.size === 8);
      return [...first!.data].includes(30);
    });
    expect([free, padded]).toEqual([false, true]);
  });

  test.each([0, 1])('predicted and measured error with pads of %i', (pads) => {
    const graph = twoLayers(pads);
    const samples = samplesFor(graph, 60);
    const [found] = levelsOf(graph, trimWidth, samples);
    for (const label of ['8 of 12', '4 of 12']) {
      const level = levelLabelled(found!, label);
      const ratio = outputError(graph, take(graph, [found!.candidate, level]), samples, 1) / level.error;
      // taps are taken as unrelated, and padded positions as like the others
      expect(ratio).toBeGreaterThan(0.5);
      expect(ratio).toBeLessThan(2);
    }
  });

  test('through depthwise convolutions, pools and resizing', () => {
    const graph = graphOf((g) => {
      const w = g.constant([8, 2, 1, 1], repeatedRows(8, 2, 4));
      let x = g.add('relu', [g.add('conv', [g.input([1, 2, 8, 8]), w, g.constant([8], repeatedRows(8, 1, 4))])]);
      const filters = g.constant([8, 1, 3, 3], repeatedRows(8, 9, 4));
      x = g.add('conv', [x, filters, g.constant([8], repeatedRows(8, 1, 4))], { group: 8, pads: [1, 1, 1, 1] });
      x = g.add('maxPool', [g.add('relu', [x])], { kernel: [2, 2], strides: [2, 2] });
      x = g.add('resize', [x], { sizes: [1, 8, 6, 6], scales: [1, 1, 1.5, 1.5], mode: 'linear' });
      x = g.add('reduce', [x], { kind: 'mean', axes: [2], keepDims: false });
      x = g.add('transpose', [x], { perm: [0, 2, 1] });
      return linear(g, x, 3, 8);
    });
    const [found] = levelsOf(graph, trimWidth, samplesFor(graph, 60));
    const level = levelLabelled(found!, '4 of 8');
    expect(level).toMatchObject({ parameters: 4 * 2 + 4 * 9 + 3 * 4, macs: 64 * (4 * 2 + 4 * 9) + 6 * 12 });
    const cut = take(graph, [found!.candidate, level]);
    expect(cut.nodes.find(({ attributes }) => attributes.pads)?.attributes.group).toBe(4);
    expect(weightsIn(cut)).toBe(4 * 2 + 4 * 9 + 3 * 4);
    expect(outputError(graph, cut, samplesFor(graph, 20, 8), 2)).toBeLessThan(1e-6);
  });

  test('a depthwise chain is refitted behind it', () => {
    const graph = graphOf((g) => {
      const made = g.add('relu', [conv(g, g.input([1, 2, 8, 8]), [12, 2, 1, 1])]);
      return conv(g, g.add('relu', [depthwise(g, made, 12, { strides: [2, 2] })]), [4, 12, 1, 1]);
    });
    const samples = samplesFor(graph, 100);
    const [found] = levelsOf(graph, trimWidth, samples);
    for (const label of ['8 of 12', '4 of 12', '1 of 12']) {
      const level = levelLabelled(found!, label);
      const cut = take(graph, [found!.candidate, level]);
      expect(outputError(graph, cut, samples, 1) / level.error).toBeCloseTo(1, 2);
    }
  });

  test('squeeze and excitation: the scales of channels go with them', () => {
    const graph = graphOf((g) => {
      const part = (x: ValueId, n: number, c: number) =>
        g.add('conv', [x, g.constant([n, c, 1, 1], repeatedRows(n, c, 4)), g.constant([n], repeatedRows(n, 1, 4))]);
      const x = g.add('relu', [part(g.input([1, 2, 6, 6]), 8, 2)]);
      const mean = g.add('reduce', [x], { kind: 'mean', axes: [2, 3], keepDims: true });
      const scales = g.add('sigmoid', [part(g.add('tanh', [conv(g, mean, [3, 8, 1, 1])]), 8, 3)]);
      return conv(g, g.add('mul', [scales, x]), [4, 8, 1, 1]);
    });
    const [found, inner] = levelsOf(graph, trimWidth, samplesFor(graph, 60));
    const level = levelLabelled(found!, '4 of 8');
    expect(level.error).toBeLessThan(1e-12);
    expect(level).toMatchObject({
      parameters: 4 * 2 + 3 * 4 + 4 * 3 + 4 * 4,
      macs: 36 * 4 * 2 + 3 * 4 + 4 * 3 + 36 * 4 * 4,
    });
    const cut = take(graph, [found!.candidate, level], [inner!.candidate, inner!.levels[0]!]);
    expect(weightsIn(cut)).toBe(4 * 2 + 2 * 4 + 4 * 2 + 4 * 4);
    const alone = take(graph, [found!.candidate, level]);
    expect(outputError(graph, alone, samplesFor(graph, 20, 8), 1)).toBeLessThan(1e-6);
  });

  test('flattened images: a linear layer over all positions', () => {
    const graph = graphOf((g) => {
      const w = g.constant([6, 2, 3, 3], repeatedRows(6, 18, 3));
      const image = g.add('relu', [g.add('conv', [g.input([1, 2, 6, 6]), w, g.constant([6], repeatedRows(6, 1, 3))])]);
      return linear(g, g.add('reshape', [image], { shape: [1, 96] }), 4, 96);
    });
    const [found] = levelsOf(graph, trimWidth, samplesFor(graph, 60));
    const level = levelLabelled(found!, '3 of 6');
    expect(level.error).toBeLessThan(1e-12);
    expect(level).toMatchObject({ parameters: 3 * 18 + 4 * 48, macs: 3 * 18 * 16 + 4 * 48 });
    const cut = take(graph, [found!.candidate, level]);
    expect(outputError(graph, cut, samplesFor(graph, 20, 8), 1)).toBeLessThan(1e-6);
    expect(levelLabelled(found!, '2 of 6').error).toBeGreaterThan(1e-3);
  });

  test('several readers behind branches, all changed together', () => {
    const graph = graphOf((g) => {
      const w = g.constant([8, 2, 1, 1], repeatedRows(8, 2, 4));
      const x = g.add('relu', [g.add('conv', [g.input([1, 2, 6, 6]), w, g.constant([8], repeatedRows(8, 1, 4))])]);
      const filters = () => [g.constant([8, 1, 3, 3], repeatedRows(8, 9, 4)), g.constant([8], repeatedRows(8, 1, 4))];
      const branch = () => g.add('relu', [g.add('conv', [x, ...filters()], { group: 8, pads: [1, 1, 1, 1] })]);
      g.output(conv(g, branch(), [3, 8, 1, 1]));
      g.output(conv(g, branch(), [2, 8, 1, 1]));
      return conv(g, x, [2, 8, 3, 3], { pads: [1, 1, 1, 1] });
    });
    const found = levelsOf(graph, trimWidth, samplesFor(graph, 60));
    expect(found.length).toBe(1);
    const level = levelLabelled(found[0]!, '4 of 8');
    expect(level.error).toBeLessThan(1e-12);
    const cut = take(graph, [found[0]!.candidate, level]);
    expect(weightsIn(cut)).toBe(level.parameters);
    expect(cut.nodes.length).toBe(graph.nodes.length);
    for (const error of outputErrors(graph, cut, samplesFor(graph, 20, 8), 1).values())
      expect(error).toBeLessThan(1e-6);
  });

  test('concatenations: all that is joined shares one budget', () => {
    const graph = graphOf((g) => {
      const x = g.input([1, 2, 6, 6]);
      const part = (n: number, kinds: number) => {
        const w = g.constant([n, 2, 1, 1], repeatedRows(n, 2, kinds));
        return g.add('relu', [g.add('conv', [x, w, g.constant([n], repeatedRows(n, 1, kinds))])]);
      };
      const all = g.add('concat', [part(6, 3), part(4, 1), part(2, 2)], { axis: 1 });
      return conv(g, all, [5, 12, 1, 1]);
    });
    const found = levelsOf(graph, trimWidth, samplesFor(graph, 60));
    expect(found.length).toBe(1);
    const level = levelLabelled(found[0]!, '6 of 12');
    expect(level.error).toBeLessThan(1e-12);
    const cut = take(graph, [found[0]!.candidate, level]);
    expect(weightsIn(cut)).toBe(level.parameters);
    expect(outputError(graph, cut, samplesFor(graph, 20, 8), 1)).toBeLessThan(1e-6);
    const last = levelLabelled(found[0]!, '1 of 12');
    expect(take(graph, [found[0]!.candidate, last]).nodes.some(({ op }) => op === 'concat')).toBe(false);
  });

  test('a residual stream: every writer and reader of it at once', () => {
    const graph = graphOf((g) => {
      const repeated = (x: ValueId, n: number, c: number) =>
        g.add('conv', [x, g.constant([n, c, 1, 1], repeatedRows(n, c, 4)), g.constant([n], repeatedRows(n, 1, 4))]);
      let x = repeated(g.input([1, 2, 5, 5]), 8, 2);
      for (let i = 0; i < 2; i++) x = g.add('add', [x, repeated(g.add('relu', [conv(g, x, [6, 8, 1, 1])]), 8, 6)]);
      return conv(g, g.add('relu', [x]), [3, 8, 1, 1]);
    });
    const samples = samplesFor(graph, 60);
    const found = levelsOf(graph, trimWidth, samples);
    expect(found.map(({ candidate, levels }) => [candidate.parameters, levels[0]!.label])).toEqual([
      [8 * 2 + 8 * 6 * 4 + 3 * 8, '7 of 8'],
      [6 * 8 * 2, '5 of 6'],
      [6 * 8 * 2, '5 of 6'],
    ]);
    const level = levelLabelled(found[0]!, '4 of 8');
    expect(level.error).toBeLessThan(1e-12);
    const cut = take(graph, [found[0]!.candidate, level]);
    expect(weightsIn(cut)).toBe(4 * 2 + 4 * 6 * 4 + 3 * 4);
    expect(level.parameters).toBe(weightsIn(cut));
    expect(outputError(graph, cut, samplesFor(graph, 20, 8), 1)).toBeLessThan(1e-6);
    const both = take(
      graph,
      [found[0]!.candidate, level],
      [found[1]!.candidate, levelLabelled(found[1]!, '3 of 6')],
      [found[2]!.candidate, levelLabelled(found[2]!, '2 of 6')],
    );
    expect(weightsIn(both)).toBe(4 * 2 + 2 * 4 * 3 + 2 * 4 * 2 + 3 * 4);
  });
});

describe('what cannot be cut', () => {
  const cases: readonly [string, (g: Sketch) => ValueId, string][] = [
    [
      'an output',
      (g) => {
        const hidden = g.add('relu', [linear(g, g.input([1, 3]), 4, 3)]);
        g.output(hidden);
        return g.add('softmax', [linear(g, hidden, 2, 4)], { axis: 1 });
      },
      '"relu_4" is an output',
    ],
    [
      'shared weights behind',
      (g) => {
        const w = g.constant([4, 4]);
        const hidden = g.add('linear', [linear(g, g.input([1, 3]), 4, 3), w]);
        return g.add('softmax', [g.add('linear', [hidden, w])], { axis: 1 });
      },
      'linear "linear" mixes its features',
    ],
    [
      'groups between',
      (g) => {
        const hidden = conv(g, g.input([1, 2, 4, 4]), [8, 2, 1, 1]);
        return g.add('softmax', [conv(g, conv(g, hidden, [8, 4, 1, 1], { group: 2 }), [2, 8, 1, 1])], { axis: 1 });
      },
      'conv "conv" mixes its features',
    ],
    [
      'a normalisation over the units',
      (g) => {
        const hidden = linear(g, g.input([1, 3]), 4, 3);
        const norm = g.add('layerNorm', [hidden, g.constant([4]), g.constant([4])], { axis: 1, epsilon: 1e-5 });
        return g.add('softmax', [linear(g, norm, 2, 4)], { axis: 1 });
      },
      'layerNorm "layerNorm" mixes its features',
    ],
    [
      'a sum with an input',
      (g) => {
        const x = g.input([1, 4]);
        return g.add('softmax', [linear(g, g.add('add', [x, linear(g, x, 4, 4)]), 2, 4)], { axis: 1 });
      },
      '"x0" is an input',
    ],
    [
      'a part that others read too',
      (g) => {
        const hidden = linear(g, g.input([1, 3]), 4, 3);
        const half = g.add('slice', [hidden], { starts: [0, 0], sizes: [1, 2], steps: [1, 1] });
        g.output(g.add('softmax', [hidden], { axis: 1 }));
        return g.add('softmax', [linear(g, half, 2, 2)], { axis: 1 });
      },
      'slice "slice" takes a part that others read',
    ],
    [
      'parts of what is made of a value that others read',
      (g) => {
        const hidden = linear(g, g.input([1, 3]), 4, 3);
        const gated = g.add('relu', [hidden]);
        const half = (from: number) => g.add('slice', [gated], { starts: [0, from], sizes: [1, 2], steps: [1, 1] });
        const product = g.add('mul', [half(0), half(2)]);
        g.output(g.add('softmax', [linear(g, g.add('tanh', [hidden]), 2, 4)], { axis: 1 }));
        return g.add('softmax', [linear(g, product, 2, 2)], { axis: 1 });
      },
      'slice "slice" takes a part that others read',
    ],
    [
      'a reader of the other dimension',
      (g) => {
        const hidden = linear(g, g.input([1, 5, 3]), 4, 3);
        return g.add('softmax', [linear(g, g.add('transpose', [hidden], { perm: [0, 2, 1] }), 2, 5)], { axis: 1 });
      },
      'linear "linear" reads "transpose_4" along another dimension',
    ],
    [
      'heads',
      (g) => {
        const hidden = linear(g, g.input([1, 5, 3]), 4, 3);
        const heads = g.add('reshape', [hidden], { shape: [1, 5, 2, 2] });
        return g.add('softmax', [linear(g, heads, 2, 2)], { axis: 1 });
      },
      'reshape "reshape" mixes its features',
    ],
  ];
  test.each(cases)('%s', (_, draw, reason) => {
    const graph = graphOf(draw);
    const { refusals } = findChannelGroups(graph);
    expect(trimWidth(graph)).toEqual([]);
    expect(refusals[0]?.reason).toBe(reason);
  });
});
