import { describe, expect, test } from 'vitest';
import { selectHeads } from '../../../compiler/3-compress/actions/select-heads.ts';
import { trimHeads } from '../../../compiler/3-compress/actions/trim-heads.ts';
import { trimWidth } from '../../../compiler/3-compress/actions/trim-width.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { selectUnits } from '../../../compiler/3-compress/select-units.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { identity, makeMatrix } from '../../../compiler/linalg/matrix.ts';
import { Moments } from '../../../compiler/linalg/moments.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { levelLabelled, levelsOf, outputError, samplesFor, take, weightsIn } from './cut-case.ts';

const [length, model, width, outputs] = [6, 10, 4, 7];

interface Shape {
  readonly heads?: number;
  readonly batch?: number;
  readonly isFused?: boolean;
  /** heads of which there are only so many kinds */
  readonly kinds?: number;
  readonly mask?: readonly number[];
  readonly change?: (g: Sketch, joined: ValueId) => ValueId;
  readonly isResidual?: boolean;
}

/** Multi-head self-attention as exporters write it. */
function attention(shape: Shape = {}): Graph {
  const { heads = 3, batch = 1, isFused = false, kinds = heads, mask, change = (_, joined) => joined } = shape;
  const random = makeRandom(17);
  return graphOf((g) => {
    const rowsOf = (part: number, count: number, k: number, size: number): number[] => {
      const kind = makeRandom(100 + part);
      const all = Array.from({ length: kinds }, () => [...kind.reals(width * k, -size, size)]);
      return Array.from({ length: count }, (_, head) => all[head % kinds]!).flat();
    };
    const plain = (x: ValueId, n: number, k: number): ValueId =>
      g.add('linear', [x, g.constant([n, k], [...random.reals(n * k)]), g.constant([n], [...random.reals(n)])]);
    const x = g.add('tanh', [g.input([batch, length, model])]);
    const source = shape.isResidual ? plain(x, model, model) : x;
    const weights = [0.5, 0.5, 1].map((size, part) => rowsOf(part, heads, model, size));
    const biases = [0.5, 0.5, 0.5].map((size, part) => rowsOf(part + 3, heads, 1, size));
    const parts = (): ValueId[] => {
      const size = heads * width;
      if (!isFused) {
        return [0, 1, 2].map((part) => {
          const w = g.constant([size, model], weights[part]!);
          const rows = g.add('linear', [source, w, g.constant([size], biases[part]!)]);
          const split = g.add('reshape', [rows], { shape: [batch, length, heads, width] });
          return g.add('transpose', [split], { perm: [0, 2, 1, 3] });
        });
      }
      const w = g.constant([3 * size, model], weights.flat());
      const all = g.add('linear', [source, w, g.constant([3 * size], biases.flat())]);
      const split = g.add('reshape', [all], { shape: [batch, length, 3, heads, width] });
      const turned = g.add('transpose', [split], { perm: [2, 0, 3, 1, 4] });
      return [0, 1, 2].map((part) => {
        const sizes = [1, batch, heads, length, width];
        const one = g.add('slice', [turned], { starts: [part, 0, 0, 0, 0], sizes, steps: [1, 1, 1, 1, 1] });
        return g.add('reshape', [one], { shape: [batch, heads, length, width] });
      });
    };
    const inputs = [...parts(), ...(mask ? [g.constant(mask)] : [])];
    const mixed = g.add('transpose', [g.add('attention', inputs, { scale: 0.5 })], { perm: [0, 2, 1, 3] });
    const joined = change(g, g.add('reshape', [mixed], { shape: [batch, length, heads * width] }));
    if (!shape.isResidual) return plain(joined, outputs, heads * width);
    return plain(g.add('add', [source, plain(joined, model, heads * width)]), outputs, model);
  });
}

const weightsOfHeads = (count: number): number => count * width * (3 * model + outputs);

describe.each<[string, Shape]>([
  ['three layers', {}],
  ['one layer for all', { isFused: true }],
  ['one layer for all, a batch', { isFused: true, batch: 2 }],
  ['a mask that is the same for all heads', { mask: [1, 1, length, length] }],
])('%s', (_, shape) => {
  test('heads that others repeat cost nothing', () => {
    const graph = attention({ ...shape, heads: 4, kinds: 2 });
    const [found, ...others] = levelsOf(graph, trimHeads, samplesFor(graph, 100));
    expect(others).toEqual([]);
    expect(found!.candidate).toMatchObject({ pass: 'trim-width', axis: 2, parameters: weightsOfHeads(4) });
    const level = levelLabelled(found!, '2 of 4 heads');
    expect(level.error).toBeLessThan(1e-5);
    expect(level.parameters).toBe(weightsOfHeads(2));
    const cut = optimise(take(graph, [found!.candidate, level])).graph;
    expect(weightsIn(cut) - (shape.mask ? length * length : 0)).toBe(weightsOfHeads(2));
    expect(outputError(graph, cut, samplesFor(graph, 40, 9), 2)).toBeLessThan(1e-5);
    expect(levelLabelled(found!, '1 of 4 heads').error).toBeGreaterThan(1e-3);
  });

  test('the predicted error is the measured one', () => {
    const graph = attention(shape);
    const samples = samplesFor(graph, 200);
    const [found] = levelsOf(graph, trimHeads, samples);
    expect(found!.levels.map(({ label }) => label)).toEqual(['2 of 3 heads', '1 of 3 heads']);
    for (const level of found!.levels) {
      const cut = take(graph, [found!.candidate, level]);
      expect(outputError(graph, cut, samples, 2) / level.error).toBeCloseTo(1, 2);
    }
  });
});

test('a residual stream is cut with it in one rebuild', () => {
  const graph = attention({ isResidual: true });
  const samples = samplesFor(graph, 100);
  const found = levelsOf(graph, trimWidth, samples);
  expect(found.map(({ levels }) => levels[0]!.label)).toEqual(['8 of 10', '2 of 3 heads']);
  const cut = take(graph, ...found.map((f) => [f.candidate, f.levels[0]!] as const));
  const heads = 2 * width;
  expect(weightsIn(cut)).toBe(8 * model + 3 * heads * 8 + heads * 8 + 8 * outputs);
  expect(outputError(graph, cut, samples, 2)).toBeLessThan(1);
});

describe('selected heads', () => {
  test('are all ordered where the first explains the others up to rounding', () => {
    const heads = [0, 1, 2, 3].map((head) => [2 * head, 2 * head + 1]);
    for (let seed = 1; seed <= 20; seed++) {
      const one = makeRandom(seed).reals(8, -1e-3, 1e-3);
      const spread = makeMatrix(
        8,
        8,
        Float64Array.from({ length: 64 }, (_, i) => one[Math.floor(i / 8)]! * one[i % 8]!),
      );
      const { order, residuals } = selectHeads(heads, spread, identity(8));
      expect([...order].sort()).toEqual([0, 1, 2, 3]);
      expect(residuals.get(1)! / residuals.get(0)!).toBeLessThan(1e-5);
    }
  });

  test('of one feature each are selected as units are', () => {
    const random = makeRandom(3);
    const moments = new Moments(6);
    const mix = [...random.reals(36)];
    for (let i = 0; i < 200; i++) {
      const z = [...random.reals(6)];
      const row = Array.from({ length: 6 }, (_, j) => z.reduce((sum, v, k) => sum + v * mix[j * 6 + k]!, 0));
      moments.add(Float32Array.from(row), 1);
    }
    const [spread, weight] = [moments.covariance(), moments.secondMoment()];
    const heads = selectHeads([[0], [1], [2], [3], [4], [5]], spread, weight);
    const units = selectUnits(6, [{ units: [0, 1, 2, 3, 4, 5], spread, weight }], [1, 2, 3, 4, 5, 6]);
    expect(heads.order).toEqual(units.order);
    for (const [width, residual] of units.residuals) expect(heads.residuals.get(width)).toBeCloseTo(residual, 4);
  });
});

describe('what stays', () => {
  test.each<[string, Shape]>([
    ['a single head', { heads: 1 }],
    ['heads with masks of their own', { mask: [1, 3, length, length] }],
    [
      'results that are read elsewhere',
      {
        change: (g, joined) => {
          g.output(joined);
          return joined;
        },
      },
    ],
    ['results that something changes', { change: (g, joined) => g.add('gelu', [joined]) }],
  ])('%s', (_, shape) => expect(trimHeads(attention(shape))).toEqual([]));
});
