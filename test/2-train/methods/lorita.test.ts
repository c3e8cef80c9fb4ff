import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import { type LoritaOptions, lorita } from '../../../compiler/2-train/methods/lorita.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { Network } from '../../../compiler/2-train/models/network.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import {
  differenceOf,
  energyShare,
  logitsOf,
  resumed,
  sizesByName,
  spectrumOf,
  tensorsLeft,
  train,
  valuesByName,
  withParameters,
} from './low-rank-tasks.ts';

beforeAll(async () => {
  await useWasm();
});

const mlp = models.mlp({ inputs: 16, hidden: [24, 24], classes: 4 })(3);
const cnn = models.cnn({ inputs: [1, 8, 8], channels: [4, 6], dense: [12], classes: 4, batchNorm: true })(3);
const vit = models.vit({ inputs: [1, 8, 8], patch: 4, width: 8, depth: 1, heads: 2, classes: 4 })(3);

/** image -> depthwise conv -> linear */
function depthwise(): Graph {
  const net = new Network('depthwise', 1);
  const image = net.input('image', 'float32', [1, 4, 6, 6]);
  const weight = net.weight('spatial.weight', [4, 1, 3, 3], { inputs: 9, outputs: 9 }, (random) => random.normal());
  const attributes = { group: 4, strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };
  const filtered = net.node('spatial', 'conv', [image, weight], attributes);
  return net.finish(net.linear('head', net.flatten('flat', filtered), 4));
}

describe('factors', () => {
  it('are those of the paper', () => {
    expect(sizesByName(lorita().prepare(mlp).graph)).toEqual({
      'fc1.weight.factor1': [16, 16],
      'fc1.weight.factor2': [16, 16],
      'fc1.weight.factor3': [24, 16],
      'fc1.bias': [24],
      'fc2.weight.factor1': [24, 24],
      'fc2.weight.factor2': [24, 24],
      'fc2.weight.factor3': [24, 24],
      'fc2.bias': [24],
      'head.weight.factor1': [24, 24],
      'head.weight.factor2': [24, 24],
      'head.weight.factor3': [4, 24],
      'head.bias': [4],
    });
    const ofConv = sizesByName(lorita({ factors: 2, layers: ['conv2'] }).prepare(cnn).graph);
    expect(ofConv).toMatchObject({
      'conv1.weight': [4, 1, 3, 3],
      'conv2.weight.factor1': [6, 4, 3, 3],
      'conv2.weight.factor2': [6, 6, 1, 1],
      'head.weight': [4, 12],
    });
  });

  it('are those of attention too, and not of grouped convolutions', () => {
    const sizes = sizesByName(lorita({ factors: 2 }).prepare(vit).graph);
    for (const to of ['query', 'key', 'value', 'output'])
      expect(sizes[`block1.attention.${to}.weight.factor1`]).toEqual([8, 8]);
    expect(sizesByName(lorita({ factors: 2 }).prepare(depthwise()).graph)).toEqual({
      'spatial.weight': [4, 1, 3, 3],
      'head.weight.factor1': [144, 144],
      'head.weight.factor2': [4, 144],
      'head.bias': [4],
    });
  });

  it('all decay, biases do not', () => {
    withParameters(lorita().prepare(mlp), ({ learnt }) => {
      expect(learnt).toHaveLength(12);
      for (const { name, decays } of learnt) expect(decays, name).toBe(name.includes('factor'));
    });
  });
});

describe('the start', () => {
  it.each([
    ['mlp', mlp],
    ['cnn', cnn],
    ['vit', vit],
  ])('is the network that came: %s', (_, graph) => {
    for (const factors of [1, 2, 3, 4])
      expect(differenceOf(graph, lorita({ factors }).prepare(graph).graph)).toBeLessThan(1e-5);
  });

  it('has factors of equal size', () => {
    const { graph } = lorita({ factors: 3 }).prepare(mlp);
    const spectra = [1, 2, 3].map((i) => spectrumOf(graph, `fc2.weight.factor${i}`));
    const roots = spectrumOf(mlp, 'fc2.weight').map(Math.cbrt);
    for (const spectrum of spectra)
      for (const [i, value] of spectrum.entries()) expect(value).toBeCloseTo(roots[i]!, 4);
  });

  it('is drawn anew where asked, by the seed', () => {
    const start = (options: LoritaOptions) => logitsOf(lorita({ start: 'anew', ...options }).prepare(cnn).graph);
    expect(start({ seed: 5 })).toEqual(start({ seed: 5 }));
    expect(start({ seed: 5 })).not.toEqual(start({ seed: 6 }));
    expect(start({})).not.toEqual(logitsOf(cnn));
    const { graph } = lorita({ start: 'anew' }).prepare(mlp);
    const sizes = valuesByName(graph)['fc2.weight.factor2']!.map(Math.abs);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.fround(1 / Math.sqrt(24)));
    expect(Math.max(...sizes)).toBeGreaterThan(0.95 / Math.sqrt(24));
  });
});

describe('training', () => {
  it('leaves the energy of weights in fewer singular values than training without', async () => {
    const shares = new Map<number, number>();
    for (const factors of [1, 2, 3]) {
      const { graph, history } = await train(mlp, [lorita({ factors })], { epochs: 8 });
      expect(history.at(-1)!.validation).toBeGreaterThan(0.85);
      shares.set(factors, energyShare(spectrumOf(graph, 'fc2.weight'), 3));
    }
    expect(shares.get(2)!).toBeGreaterThan(shares.get(1)! + 0.05);
    expect(shares.get(3)!).toBeGreaterThan(shares.get(2)! + 0.02);
  });

  it('with one factor is ordinary training', async () => {
    const [ours, plain] = [await train(mlp, [lorita({ factors: 1 })]), await train(mlp, [])];
    expect(valuesByName(ours.graph)).toEqual(valuesByName(plain.graph));
  });

  it.each([
    ['mlp', mlp],
    ['cnn', cnn],
    ['vit', vit],
  ])('ends in the shapes that came, and what was trained: %s', async (_, graph) => {
    const { graph: finished, trained, notes } = await train(graph, [lorita()], { epochs: 1 });
    expect(notes).toEqual([]);
    expect(sizesByName(finished)).toEqual(sizesByName(graph));
    expect(finished.nodes.map(({ op, name }) => `${op} ${name}`)).toEqual(
      graph.nodes.map(({ op, name }) => `${op} ${name}`),
    );
    expect(differenceOf(trained, finished)).toBeLessThan(1e-4);
    expect(differenceOf(graph, finished)).toBeGreaterThan(1e-2);
  });

  it.each([
    ['before', [lorita({ factors: 2 }), layerCollapse()]],
    ['behind', [layerCollapse(), lorita({ factors: 2 })]],
  ])('goes with collapsing layers: %s', async (_, methods) => {
    const { graph, trained } = await train(mlp, methods);
    const collapsed = layerCollapse().prepare(mlp).graph;
    expect(Object.keys(sizesByName(trained))).toEqual(expect.arrayContaining(['fc1.act.slope', 'fc2.weight.factor2']));
    expect(differenceOf(trained, graph)).toBeLessThan(1e-4);
    expect(Object.keys(sizesByName(graph)).filter((name) => name.includes('factor'))).toEqual([]);
    for (const { op } of graph.nodes) expect(collapsed.nodes.map((node) => node.op)).toContain(op);
  });

  it('goes on from a checkpoint as if it had never stopped', async () => {
    const { whole, again } = await resumed(cnn, () => [lorita({ factors: 2, start: 'anew' })], { epochs: 2 });
    expect(again.graph.constants).toEqual(whole.graph.constants);
  });

  it('leaves no tensors behind', async () => {
    expect(await tensorsLeft(() => train(cnn, [lorita()], { epochs: 1 }))).toBe(0);
  });
});

it('says what has changed between the factors', () => {
  const { graph, finish } = lorita({ factors: 2, layers: ['fc2'] }).prepare(mlp);
  const changed = {
    ...graph,
    nodes: graph.nodes.map((node) => (node.name === 'fc2.factor1' ? changedOf(node) : node)),
  };
  expect(finish(changed).notes).toEqual(['fc2.weight stays 2 layers: what is between them has changed.']);
});

/** relu in the place of the first factor, whose sizes are the same. */
const changedOf = (node: Graph['nodes'][number]): Graph['nodes'][number] => ({
  ...node,
  op: 'relu',
  inputs: node.inputs.slice(0, 1),
});

describe('refusals', () => {
  it('are of options that do not fit', () => {
    expect(() => lorita({ factors: 1.5 })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method lorita do not fit: factors is 1.5.
        Next: Give factors as a whole number of at least 1, such as 3.]
    `);
    expect(() => lorita({ layers: ['fc1', 'fc9', 'act'] }).prepare(mlp)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method lorita do not fit: layers has "fc9", "act", which it cannot take.
        Next: Leave layers out, or name some of fc1, fc2, head.]
    `);
    expect(() => lorita({ layers: [] }).prepare(mlp)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method lorita do not fit: layers is empty.
        Next: Leave layers out, or name some of fc1, fc2, head.]
    `);
  });

  it('are of networks without layers', () => {
    const net = new Network('none', 1);
    const graph = net.finish(net.activation('act', net.input('image', 'float32', [1, 4]), 'relu', 0));
    expect(() => lorita().prepare(graph)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8003: The method lorita has nothing to work on: the model has no linear layer or ungrouped convolution with weights of its own.
        Next: Leave the method out, or choose one that fits the model.]
    `);
  });
});
