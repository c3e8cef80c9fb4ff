import { describe, expect, test } from 'vitest';
import { encodingsOf } from '../../../compiler/3-compress/actions/quantize-weights.ts';
import { findStoredPlaces, withConstants } from '../../../compiler/3-compress/actions/stored-places.ts';
import { sampleInputRows } from '../../../compiler/3-compress/calibrate/input-rows.ts';
import { measureSpreads } from '../../../compiler/3-compress/calibrate/spread.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { plannedChoices } from '../../../compiler/3-compress/plan/choices.ts';
import { chooseEncoding } from '../../../compiler/3-compress/plan/choose-encoding.ts';
import { makeQuantise } from '../../../compiler/3-compress/plan/quantise.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { verifyGraph } from '../../../compiler/ir/verify.ts';
import { findLayers } from '../../../compiler/rewrite/layers.ts';
import { tiedConstants } from '../../../compiler/rewrite/tied-constants.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { tensorType } from '../../../compiler/tensor/tensor.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { measureErrors } from './level-case.ts';

const [vocabulary, width] = [40, 16];

const reals = (count: number, seed: number): number[] => [...makeRandom(seed).reals(count, -1, 1)];

/** Rows of a table, something on them, and scores of all rows again. */
const language = (
  kind: 'one constant' | 'transposed' | 'untied',
  draw: (g: Sketch, table: number) => void = () => {},
) =>
  graphOf((g) => {
    const table = g.constant([vocabulary, width], reals(vocabulary * width, 1));
    const hidden = g.add('tanh', [g.add('gather', [table, g.input([1, 5], 'int32')], { axis: 0 })]);
    draw(g, table);
    if (kind === 'transposed') return g.add('matmul', [hidden, g.add('transpose', [table], { perm: [1, 0] })]);
    const weights = kind === 'untied' ? g.constant([vocabulary, width], reals(vocabulary * width, 2)) : table;
    return g.add('linear', [hidden, weights]);
  });

const words = (count: number, seed = 4): Feeds[] => {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () => ({
    x0: Int32Array.from({ length: 5 }, () => random.int(0, vocabulary - 1)),
  }));
};

/** What a place's offer of that kind errs, as predicted and as measured at the output of a graph that ends there. */
function compare(graph: Graph, samples: readonly Feeds[], kind: string) {
  const [place] = findStoredPlaces(graph);
  const layer = findLayers(graph).find(({ y }) => y === place!.output);
  const rows = layer && sampleInputRows(graph, [layer], samples, makeRunner).get(layer.y);
  const spread = measureSpreads(graph, [place!.x!], samples, makeRunner).get(place!.x!.id)!;
  const evidence = rows ? { kind: 'rows' as const, rows } : { kind: 'spread' as const, spread };
  const offer = encodingsOf(place!, evidence).find((one) => one.kind === kind)!;
  const encoding = offer.make()!;
  const changed = withConstants(graph, new Map([[place!.constant, encoding.tensor]]));
  const { error, variance } = measureErrors(graph, verifyGraph(changed), samples, place!.axis);
  return { place: place!, encoding, guess: offer.guess, changed, measured: error / samples.length / 5, variance };
}

test('places of constants of one name have names of their own: a plan makes the same of each again', () => {
  const random = makeRandom(5);
  const builder = new GraphBuilder('twice');
  const weights = () => builder.constant(tensorOf('float32', [12, 12], [...random.reals(144)]), 'w');
  const hidden = builder.add('tanh', [
    builder.add('linear', [builder.input('x0', tensorType('float32', shapeOf([1, 12]))), weights()]),
  ]);
  builder.output('y', builder.add('linear', [hidden, weights()]));
  const graph = verifyGraph(builder.build());
  expect(findStoredPlaces(graph).map(({ name }) => name)).toEqual(['w', 'w (2)']);
  const quantise = makeQuantise([], makeRunner);
  const kinds = new Map([
    ['w', 'int8'],
    ['w (2)', 'float16'],
  ]);
  const { actions } = quantise(graph, {
    encoding: ({ name }, offered) => offered.find(({ kind }) => kind === kinds.get(name))?.make(),
  });
  const again = quantise(graph, plannedChoices(actions, new Set()));
  const kindsOf = ({ constants }: Graph) => [...constants.values()].map(({ stored }) => stored?.kind);
  expect(kindsOf(again.graph)).toEqual(['integer', 'float16']);
});

describe('embedding tables', () => {
  const table = graphOf((g) => {
    const rows = g.constant([vocabulary, width], reals(vocabulary * width, 1));
    return g.add('gather', [rows, g.input([1, 5], 'int32')], { axis: 0 });
  });

  test.each(['int8', 'int4', 'palette of 16', 'palette of 4'])('in %s err as predicted, all rows alike', (kind) => {
    const { encoding, guess, measured, place } = compare(table, words(400), kind);
    expect(place).toMatchObject({ isTable: true, isShared: false, positions: 0 });
    expect(encoding.label.startsWith(kind)).toBe(true);
    expect(measured / encoding.error).toBeGreaterThan(0.8);
    expect(measured / encoding.error).toBeLessThan(1.25);
    expect(guess.error).toBeGreaterThan(0);
  });

  test('are stored as forced kinds say', () => {
    const free = { storedByte: 0, removedByte: 0, memoryByte: 0, mac: 0, removedMac: 0, wantsIntegers: false };
    const quantise = makeQuantise(words(50), makeRunner);
    const labels = (['int8', 'int4'] as const).map(
      (kind) => quantise(table, { encoding: chooseEncoding(kind, free) }).actions[0]!.level,
    );
    expect(labels).toEqual(['int8', 'int4']);
  });
});

describe('position embeddings', () => {
  const added = graphOf((g) => g.add('add', [g.input([1, 5, width]), g.constant([1, 5, width], reals(5 * width, 1))]));
  const samples: Feeds[] = Array.from({ length: 20 }, (_, i) => ({ x0: Float32Array.from(reals(5 * width, 9 + i)) }));

  test.each(['float16', 'palette of 16', 'palette of 4'])('in %s err as predicted', (kind) => {
    const { encoding, measured, place } = compare(added, samples, kind);
    expect(place).toMatchObject({ isTable: true, positions: 0 });
    expect(measured / encoding.error).toBeGreaterThan(0.99);
    expect(measured / encoding.error).toBeLessThan(1.01);
  });

  test('a bias, which every position shares, is none', () => {
    const biased = graphOf((g) => g.add('add', [g.input([1, 5, 128]), g.constant([128], reals(128, 1))]));
    expect(findStoredPlaces(biased)).toMatchObject([{ isTable: false, x: undefined }]);
  });
});

describe('tied embeddings', () => {
  test.each(['one constant', 'transposed'] as const)('are one place, and both are stored alike: %s', (kind) => {
    const graph = optimise(verifyGraph(language(kind))).graph;
    const tables = [...graph.constants.values()].filter(({ shape }) => shape.length === 2);
    expect(tables.length).toBe(kind === 'one constant' ? 1 : 2);
    const places = findStoredPlaces(graph);
    expect(places).toMatchObject([{ isTable: true, isShared: true, node: { op: 'linear' } }]);
    for (const form of ['int8', 'int4', 'palette of 16']) {
      const { encoding, changed, measured, variance } = compare(graph, words(200), form);
      expect(encoding.rule).toBeUndefined();
      const stored = [...changed.constants.values()].filter((tensor) => tensor.stored);
      expect(stored.length).toBe(tables.length);
      for (const tensor of stored) expect(tensor).toBe(stored[0]);
      // Errors of the rows are carried by what lies between, which is not known of: the order of magnitude is right.
      expect(measured / encoding.error).toBeGreaterThan(0.3);
      expect(measured / encoding.error).toBeLessThan(3);
      expect(encoding.error).toBeLessThan((0.2 * variance) / 200 / 5);
    }
  });

  test('no encoding gives one reader a constant of its own', () => {
    const graph = optimise(language('transposed')).graph;
    const [place] = findStoredPlaces(graph);
    const spread = measureSpreads(graph, [place!.x!], words(50), makeRunner).get(place!.x!.id)!;
    for (const { make } of encodingsOf(place!, { kind: 'spread', spread })) expect(make()?.rule).toBeUndefined();
  });

  test('tables that differ from the weights are places of their own', () => {
    const graph = optimise(language('untied')).graph;
    expect(tiedConstants(graph).size).toBe(0);
    expect(findStoredPlaces(graph).map(({ isShared, node }) => [isShared, node.op])).toEqual([
      [false, 'gather'],
      [false, 'linear'],
    ]);
  });

  test('what others read as it is stays', () => {
    const graph = language('one constant', (g, table) => g.output(g.add('tanh', [table])));
    expect(findStoredPlaces(graph)).toEqual([]);
  });
});
