import { expect, test } from 'vitest';
import { findHiddenGroups } from '../../compiler/2-train/hidden-groups.ts';
import { models } from '../../compiler/2-train/models/index.ts';
import { withConstants } from '../../compiler/3-compress/actions/quantize-weights.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { findLayers, type WeightLayer } from '../../compiler/rewrite/layers.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import { makeRunner } from '../../compiler/trial/make-runner.ts';
import { bars } from '../2-train/toy-data.ts';
import { weightsOf } from '../bench/compression/rank-arms.ts';
import { sortUnits } from '../bench/training/sort-units.ts';
import { buildStored, floatBytes, storedBytes } from '../bench/training/stored-weights.ts';
import { truncateByPrice, truncatePlain, truncateWhitened } from '../bench/training/truncate.ts';

const inputs = bars(64, 3);
const network = models.mlp({ inputs: [1, 8, 8], hidden: [32, 32], classes: 2, batchNorm: true })(1);
const plainNetwork = models.mlp({ inputs: [1, 8, 8], hidden: [32, 32], classes: 2 })(1);
/** Weights of `network`. */
const weights = 64 * 32 + 32 * 32 + 32 * 2;

/** With what an image is flattened for, and norms that have learnt nothing. */
const cnn = (batchNorm: boolean): Graph =>
  models.cnn({ inputs: [1, 8, 8], channels: [8, 12], dense: [16], classes: 2, batchNorm })(1);
const vit = models.vit({ inputs: [1, 8, 8], patch: 4, width: 16, depth: 2, heads: 2, hidden: 32, classes: 2 })(1);

const answersOf = (graph: Graph): number[] => {
  const runner = makeRunner(graph);
  return Array.from({ length: 8 }, (_, i) => [...Object.values(runner.run(inputs.feedsOf(i)))].flatMap((y) => [...y]))
    .flat()
    .map(Number);
};
const expectSame = (graph: Graph, wanted: Graph): void => {
  const expected = answersOf(wanted);
  answersOf(graph).forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i]!, 4);
  });
};

/** The first hidden layer, of `rank`. */
function ofRank(rank: number): Graph {
  const [first] = findLayers(plainNetwork);
  const id = first?.node.inputs[1] ?? -1;
  const [rows = 0, columns = 0] = sizesOf(plainNetwork.constants.get(id)!.shape);
  const data = Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return Array.from({ length: rank }, (_, r) => Math.sin(row * (r + 1)) * Math.cos(column + r)).reduce(
      (sum, v) => sum + v,
      0,
    );
  });
  return withConstants(plainNetwork, new Map([[id, tensorOf('float32', [rows, columns], data)]]));
}

test('plain truncation keeps what a layer of low rank computes, and its share', () => {
  const graph = ofRank(2);
  const share = (2 * (64 + 32) + 32 * 32 + 2 * 32) / weights;
  const cut = truncatePlain(graph, share);
  expect(cut.share).toBeCloseTo(share, 10);
  expectSame(cut.graph, graph);
});

test('truncation leaves at most the share that was asked for, and not much less', () => {
  for (const share of [0.5, 0.25]) {
    for (const { share: left } of [truncatePlain(network, share), truncateWhitened(network, inputs, share)]) {
      expect(left).toBeLessThanOrEqual(share);
      expect(left).toBeGreaterThan(0.7 * share);
    }
    expect(truncateByPrice(network, inputs, share).share).toBeLessThanOrEqual(share);
  }
});

test('on inputs like those it has seen, whitened truncation errs less than plain', () => {
  const expected = answersOf(network);
  const errorOf = (graph: Graph): number =>
    answersOf(graph).reduce((sum, v, i) => sum + (v - (expected[i] ?? 0)) ** 2, 0);
  for (const share of [0.25, 0.1]) {
    const [whitened, plain] = [truncateWhitened(network, inputs, share), truncatePlain(network, share)];
    expect(errorOf(whitened.graph)).toBeGreaterThan(0);
    expect(errorOf(whitened.graph)).toBeLessThan(errorOf(plain.graph));
  }
});

test.each([
  ['convolutions', cnn(true)],
  ['a Vision Transformer', vit],
])('%s are truncated to the share that was asked for, and stay what they are where nothing is cut', (_, graph) => {
  for (const truncate of [
    (share: number) => truncatePlain(graph, share),
    (share: number) => truncateWhitened(graph, inputs, share),
    (share: number) => truncateByPrice(graph, inputs, share),
  ]) {
    expectSame(truncate(1).graph, graph);
    const cut = truncate(0.3);
    expect(cut.share).toBeLessThanOrEqual(0.3);
    expect(cut.share).toBeGreaterThan(0.15);
    expect(weightsOf(cut.graph)).toBeLessThanOrEqual(0.3 * weightsOf(graph));
  }
});

const normsOf = ({ weights: w, outputs, inputs: k }: WeightLayer): number[] =>
  Array.from({ length: outputs }, (_, row) =>
    Math.fround(Math.hypot(...Array.from({ length: k }, (__, i) => Number(w.data[row * k + i])))),
  );

test.each([
  ['linear layers', plainNetwork],
  ['convolutions, and the linear layer behind them', cnn(false)],
  ['hidden layers of a Vision Transformer', vit],
])('with their units sorted %s compute the same, the largest norms first', (_, graph) => {
  const hidden = findHiddenGroups(graph).flatMap(({ group }) => group.writers.map(({ node }) => node.name));
  const layersIn = (one: Graph): WeightLayer[] => findLayers(one).filter(({ node }) => hidden.includes(node.name));
  const sorted = sortUnits(graph);
  expectSame(sorted, graph);
  expect(hidden.length).toBeGreaterThan(1);
  expect(layersIn(sorted).map(normsOf)).not.toEqual(layersIn(graph).map(normsOf));
  for (const own of layersIn(sorted).map(normsOf)) expect(own).toEqual(own.toSorted((a, b) => b - a));
});

test('weight bytes are codes, scales and float32 biases, of the bundle too', async () => {
  const outputs = 32 + 32 + 2;
  const groups = 32 * 2 + 32 + 2;
  const expected = {
    int8: weights + 2 * outputs + 4 * outputs,
    int4: weights / 2 + 2 * groups + 4 * outputs,
  };
  expect(floatBytes(plainNetwork)).toBe(4 * (weights + outputs));
  for (const kind of ['int8', 'int4'] as const) {
    expect(storedBytes(plainNetwork, kind)).toBe(expected[kind]);
    const built = await buildStored(plainNetwork, kind, { train: inputs, validation: inputs, test: inputs });
    expect(built.bytes).toBe(expected[kind]);
    expect(built.accuracy).toBeGreaterThanOrEqual(0);
  }
});
