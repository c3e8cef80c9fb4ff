import { describe, expect, it } from 'vitest';
import { codeEntropy } from '../../../compiler/3-compress/actions/code-entropy.ts';
import { encodingsOf, findStoredPlaces, withConstants } from '../../../compiler/3-compress/actions/quantize-weights.ts';
import { sampleInputRows } from '../../../compiler/3-compress/calibrate/input-rows.ts';
import { measureSpreads } from '../../../compiler/3-compress/calibrate/spread.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { verifyGraph } from '../../../compiler/ir/verify.ts';
import { findLayers } from '../../../compiler/rewrite/layers.ts';
import { replaceNodes } from '../../../compiler/rewrite/replace-nodes.ts';
import { storePalette } from '../../../compiler/tensor/palette.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { sortElements } from '../../../compiler/tensor/sorted-elements.ts';
import { makeTensor } from '../../../compiler/tensor/tensor.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeNormal, weightsOf } from '../../harness/small-network.ts';
import { graphOf } from '../pass-case.ts';
import { measureErrors } from './level-case.ts';

const normals = (count: number, seed: number, scale: (i: number) => number = () => 1): number[] => {
  const normal = makeNormal(seed);
  return Array.from({ length: count }, (_, i) => scale(i) * normal());
};

describe('sorted elements', () => {
  it('ascend, of both signs, and carry their weights', () => {
    const values = Float32Array.from([3, -1, 0, -7.5, 1e-20, -1e-20, 2e30, 3]);
    const tensor = makeTensor('float32', shapeOf([8]), values);
    const weights = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const sorted = sortElements(tensor, weights)!;
    expect([...sorted.values]).toEqual([...values].sort((a, b) => a - b));
    expect([...sorted.mass]).toEqual([0, 4, 6, 12, 15, 20, 21, 29, 36]);
    expect(sorted.moment.at(2)).toBe(4 * -7.5 + 2 * -1);
    expect(sortElements(tensor)!.values).toEqual(sorted.values);
  });

  it('are not there where one is not finite', () => {
    expect(sortElements(makeTensor('float32', shapeOf([2]), Float32Array.of(1, Number.NaN)))).toBeUndefined();
  });
});

describe('weighted palettes (GWK)', () => {
  it('err less where errors cost more, entries at the weighted means of their clusters', () => {
    const tensor = weightsOf(makeNormal(1), [40, 50], 1);
    const importance = Float64Array.from({ length: 2000 }, (_, i) => (Number(tensor.data[i]) > 0.5 ? 20 : 1));
    const weighted = storePalette(tensor, 8, sortElements(tensor, importance));
    const plain = storePalette(tensor, 8);
    const costOf = (data: ArrayLike<unknown>) =>
      importance.reduce((sum, h, i) => sum + h * (Number(data[i]) - Number(tensor.data[i])) ** 2, 0);
    expect(costOf(weighted.data)).toBeLessThan(0.7 * costOf(plain.data));
    if (weighted.stored?.kind !== 'palette') throw new Error('no palette');
    const { codes, entries } = weighted.stored;
    for (const [c, entry] of entries.entries()) {
      let [mass, moment] = [0, 0];
      for (const [i, code] of codes.entries()) {
        if (code !== c) continue;
        mass += importance[i]!;
        moment += importance[i]! * Number(tensor.data[i]);
      }
      expect(moment / mass).toBeCloseTo(entry, 2);
    }
  });
});

/** The encoding of that beginning for the graph's layer, and its error: predicted, and measured at one position. */
function measured(graph: Graph, samples: readonly Feeds[], label: string, known: 'rows' | 'spread' = 'rows') {
  const [place] = findStoredPlaces(graph);
  const layer = findLayers(graph).find(({ y }) => y === place!.output);
  const rows = layer && sampleInputRows(graph, [layer], samples, makeRunner).get(layer.y);
  const spread = measureSpreads(graph, [place!.x!], samples, makeRunner).get(place!.x!.id)!;
  const evidence = rows && known === 'rows' ? { kind: 'rows' as const, rows } : { kind: 'spread' as const, spread };
  const offered = encodingsOf(place!, evidence).flatMap(({ make }) => make() ?? []);
  const encoding = offered.find((e) => e.label.startsWith(label))!;
  const tensors = [
    [place!.constant, encoding.tensor],
    ...(encoding.bias ? [[place!.bias!.id, encoding.bias] as const] : []),
  ] as const;
  const stored = verifyGraph(withConstants(graph, new Map(tensors)));
  const rules = new Map(encoding.rule ? [[place!.output, encoding.rule]] : []);
  const { graph: changed, values } = replaceNodes(stored, rules);
  expect(values.size).toBe(rules.size);
  const { error } = measureErrors(graph, changed, samples, place!.axis);
  const positions = samples.length * place!.positions;
  return { place: place!, encoding, offered, changed, measured: error / positions };
}

const vectors = (count: number, width: number, seed: number): Feeds[] =>
  Array.from({ length: count }, (_, s) => ({ x0: Float32Array.from(normals(width, seed + s)) }));

describe('palettes by output', () => {
  /** Outputs of unequal size: much more unequal, and codes of the small ones are so few that no scale pays. */
  const sizes = normals(24, 8).map((v) => Math.exp(0.4 * v));
  const unequal = (each: number) => (i: number) => sizes[Math.floor(i / each)]!;
  const linear = graphOf((g) => {
    const w = g.constant([24, 512], normals(24 * 512, 3, unequal(512)));
    return g.add('linear', [g.input([1, 512]), w, g.constant([24], normals(24, 4))]);
  });

  it.each(['rows', 'spread'] as const)('take outputs of unequal size, what is predicted is measured: %s', (known) => {
    const found = measured(linear, vectors(800, 512, 50), 'palette of 4 ', known);
    expect(found.encoding.label).toBe(`palette of 4 by output${known === 'rows' ? ', compensated' : ''}`);
    expect(found.measured / found.encoding.error).toBeGreaterThan(0.8);
    expect(found.measured / found.encoding.error).toBeLessThan(1.25);
    expect(found.encoding.isInteger).toBe(false);
    const palettes = [...found.changed.constants.values()].filter(({ stored }) => stored?.kind === 'palette');
    expect(palettes.map(({ shape }) => shape)).toEqual([shapeOf([24, 512])]);
    expect(found.changed.nodes.map(({ op }) => op)).toEqual(['linear', 'mul']);
  });

  it('are convolutions too', () => {
    const graph = graphOf((g) => {
      const w = g.constant([24, 48, 3, 3], normals(24 * 432, 3, unequal(432)));
      return g.add('conv', [g.input([1, 48, 5, 5]), w, g.constant([24], normals(24, 4))]);
    });
    const found = measured(graph, vectors(100, 1200, 9), 'palette of 4 ', 'spread');
    expect(found.encoding.label).toBe('palette of 4 by output');
    expect(found.changed.nodes.map(({ op }) => op)).toEqual(['conv', 'mul']);
    expect(found.measured / found.encoding.error).toBeGreaterThan(0.8);
    expect(found.measured / found.encoding.error).toBeLessThan(1.25);
  });

  it('are not worth their scales where outputs are alike, or inputs are few', () => {
    const alike = graphOf((g) => g.add('linear', [g.input([1, 4]), g.constant([64, 4], normals(256, 5))]));
    const { offered } = measured(alike, vectors(300, 4, 80), 'palette of 16');
    const labels = offered.map(({ label }) => label).filter((label) => label.startsWith('palette'));
    expect(labels.filter((label) => label.includes('by output'))).toEqual([]);
  });

  it('need a bias of their own', () => {
    const shared = graphOf((g) => {
      const b = g.constant([24], normals(24, 4));
      const x = g.input([1, 512]);
      g.output(g.add('linear', [x, g.constant([24, 512], normals(24 * 512, 6)), b]));
      return g.add('linear', [x, g.constant([24, 512], normals(24 * 512, 3, unequal(512))), b]);
    });
    const samples = vectors(100, 512, 50);
    for (const place of findStoredPlaces(shared)) {
      const spread = measureSpreads(shared, [place.x!], samples, makeRunner).get(place.x!.id)!;
      const labels = encodingsOf(place, { kind: 'spread', spread })
        .flatMap(({ make }) => make() ?? [])
        .map(({ label }) => label);
      const palettes = labels.filter((label) => label.startsWith('palette'));
      expect(palettes.length).toBe(7);
      expect(palettes.filter((label) => label.includes('by output'))).toEqual([]);
    }
  });
});

describe('palettes weighted by inputs', () => {
  it('are taken where inputs are unequal, one of each size', () => {
    const scaled = vectors(300, 32, 50).map(({ x0 = [] }) => ({
      x0: Float32Array.from({ length: 32 }, (_, i) => Number(x0[i]) * (i < 4 ? 30 : 1)),
    }));
    // Inputs that count have other weights than those that do not.
    const graph = graphOf((g) => {
      const w = normals(24 * 32, 3).map((v, i) => (i % 32 < 4 ? 2 + 0.3 * v : v));
      return g.add('linear', [g.input([1, 32]), g.constant([24, 32], w), g.constant([24], 0)]);
    });
    const found = measured(graph, scaled, 'palette of 128');
    expect(found.encoding.label).toBe('palette of 128 weighted');
    const sizes = found.offered.flatMap(({ label }) => /palette of (\d+)/.exec(label)?.[1] ?? []);
    expect(sizes).toEqual(['256', '128', '64', '32', '16', '8', '4']);
    expect(found.measured / found.encoding.error).toBeGreaterThan(0.8);
    expect(found.measured / found.encoding.error).toBeLessThan(1.25);
    const w = Float64Array.from({ length: 768 }, (_, i) => Number(found.place.tensor.data[i]));
    const errorOf = ({ data }: { readonly data: ArrayLike<unknown> }) =>
      w.reduce((sum, v, i) => sum + (i % 32 < 4 ? 900 : 1) * (v - Number(data[i])) ** 2, 0);
    expect(errorOf(found.encoding.tensor)).toBeLessThan(0.8 * errorOf(storePalette(found.place.tensor, 128)));
  });
});

it('compressed bits are the entropy of the codes', () => {
  const codes = Uint8Array.from({ length: 800 }, (_, i) => (i % 8 < 4 ? 0 : i % 8 < 6 ? 1 : 2 + (i % 2)));
  const form = { kind: 'palette', bits: 2, codes, entries: Float32Array.of(0, 1, 2, 3) } as const;
  expect(codeEntropy(form, [])).toBeCloseTo(800 * 1.75, 6);
});
