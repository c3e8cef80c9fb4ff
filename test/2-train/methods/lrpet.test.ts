import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import { lorita } from '../../../compiler/2-train/methods/lorita.ts';
import { lrpet } from '../../../compiler/2-train/methods/lrpet.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { Network } from '../../../compiler/2-train/models/network.ts';
import type { Parameters } from '../../../compiler/2-train/parameters.ts';
import { makeMatrix } from '../../../compiler/linalg/matrix.ts';
import { projectRank } from '../../../compiler/linalg/project-rank.ts';
import {
  accuracyOf,
  differenceOf,
  energyShare,
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
const normed = models.mlp({ inputs: 16, hidden: [24, 24], classes: 4, batchNorm: true })(3);
const cnn = models.cnn({ inputs: [1, 8, 8], channels: [8, 12], dense: [16], classes: 4, batchNorm: true })(3);

describe('ranks', () => {
  it('are a share of the weights, in all layers but the last', () => {
    // 0.3 of 24 * 16 / (24 + 16) = 2.88, of 24 * 24 / 48 = 3.6
    const sizes = sizesByName(
      lrpet({ rank: { share: 0.3 } })
        .prepare(mlp)
        .finish(mlp).graph,
    );
    expect(sizes).toEqual({
      'fc1.weight.factor1': [2, 16],
      'fc1.weight.factor2': [24, 2],
      'fc1.bias': [24],
      'fc2.weight.factor1': [3, 24],
      'fc2.weight.factor2': [24, 3],
      'fc2.bias': [24],
      'head.weight': [4, 24],
      'head.bias': [4],
    });
  });

  it('are of the layers that are named', () => {
    const sizes = sizesByName(
      lrpet({ layers: ['head', 'fc2'] })
        .prepare(mlp)
        .finish(mlp).graph,
    );
    expect(sizes).toMatchObject({
      'fc1.weight': [24, 16],
      'fc2.weight.factor1': [6, 24],
      'head.weight.factor1': [1, 24],
    });
  });

  it('are the least that hold a share of the energy', () => {
    const spectrum = spectrumOf(mlp, 'fc2.weight');
    const { graph } = lrpet({ rank: { energy: 0.7 }, layers: ['fc2'] })
      .prepare(mlp)
      .finish(mlp);
    const [rank = 0] = sizesByName(graph)['fc2.weight.factor1']!;
    expect(energyShare(spectrum, rank)).toBeGreaterThanOrEqual(0.7);
    expect(energyShare(spectrum, rank - 1)).toBeLessThan(0.7);
  });

  it('are of convolutions too: their window first, then one tap', () => {
    const sizes = sizesByName(
      lrpet({ rank: { share: 0.5 } })
        .prepare(cnn)
        .finish(cnn).graph,
    );
    expect(sizes).toMatchObject({ 'conv2.weight.factor1': [5, 8, 3, 3], 'conv2.weight.factor2': [12, 5, 1, 1] });
  });
});

describe('a projection', () => {
  const values = (parameters: Parameters, name: string): number[] => Array.from(parameters.named(name).values);

  it('comes every so many steps, and at the end of an epoch', () => {
    const preparation = lrpet({ rank: { share: 0.3 }, every: 3, layers: ['fc2'] }).prepare(mlp);
    withParameters(preparation, (parameters) => {
      const rankNow = (): number =>
        spectrumOf(parameters.toGraph(), 'fc2.weight').filter((s, _, all) => s > 1e-5 * all[0]!).length;
      /** Gives the weights their full rank back, as a step would. */
      const step = (): number => {
        const parameter = parameters.named('fc2.weight');
        for (let i = 0; i < 24; i++) parameter.values[25 * i]! += 0.1;
        preparation.afterStep?.(parameters, 0.1);
        return rankNow();
      };
      expect([step(), step(), step(), step(), step(), step(), step()]).toEqual([24, 24, 3, 24, 24, 3, 24]);
      preparation.afterEpoch?.(parameters, 1, 2);
      expect(rankNow()).toBe(3);
      expect([step(), step(), step()]).toEqual([24, 24, 3]);
    });
  });

  it('keeps the energy, and the directions', () => {
    const preparation = lrpet({ rank: { share: 0.3 }, every: 1, layers: ['fc2'] }).prepare(mlp);
    const before = spectrumOf(mlp, 'fc2.weight');
    withParameters(preparation, (parameters) => {
      preparation.afterStep?.(parameters, 0.1);
      const after = spectrumOf(parameters.toGraph(), 'fc2.weight');
      const growth = 1 / Math.sqrt(energyShare(before, 3));
      expect(growth).toBeGreaterThan(1.2);
      for (const i of [0, 1, 2]) expect(after[i]).toBeCloseTo(growth * before[i]!, 4);
      // what the variable holds is what the values are
      const { variable } = parameters.named('fc2.weight');
      expect(Array.from(variable.dataSync())).toEqual(values(parameters, 'fc2.weight'));
    });
  });

  it('is of the weights as the norm behind scales them', () => {
    const preparation = lrpet({ rank: { share: 0.3 }, every: 1, layers: ['fc2'] }).prepare(normed);
    withParameters(preparation, (parameters) => {
      const scale = parameters.named('fc2.norm.scale');
      const variance = parameters.statistics.find(({ name }) => name === 'fc2.norm.variance')!;
      scale.values.forEach((_, i) => {
        scale.values[i] = (i % 3) - 1 + 0.1 * i;
        variance.values[i] = 0.5 + i;
      });
      const factors = Float64Array.from(scale.values, (v, i) => v / Math.sqrt(variance.values[i]! + 1e-5));
      const before = values(parameters, 'fc2.weight');
      const scaled = makeMatrix(
        24,
        24,
        Float64Array.from(before, (w, at) => factors[Math.floor(at / 24)]! * w),
      );
      const wanted = Array.from(projectRank(scaled, 3).data, (v, at) => {
        const a = factors[Math.floor(at / 24)]!;
        return (v * a) / (a * a + 1e-5);
      });
      preparation.afterStep?.(parameters, 0.1);
      for (const [i, v] of values(parameters, 'fc2.weight').entries()) expect(v).toBeCloseTo(wanted[i]!, 4);
      const unscaled = projectRank(makeMatrix(24, 24, Float64Array.from(before)), 3).data;
      expect(Math.max(...wanted.map((v, i) => Math.abs(v - unscaled[i]!)))).toBeGreaterThan(0.05);
    });
  });
});

describe('training', () => {
  it.each([
    ['without norms', mlp],
    ['with norms', normed],
  ])('further leaves a network that answers better at its rank than one cut to it: %s', async (_, graph) => {
    const rank = { share: 0.25 };
    const { graph: dense } = await train(graph, [], { epochs: 5 });
    const ours = await train(dense, [lrpet({ rank, every: 4 })], { epochs: 5 });
    const plain = await train(dense, [], { epochs: 5 });
    const cut = lrpet({ rank }).prepare(dense).finish(plain.graph).graph;
    expect(sizesByName(cut)).toEqual(sizesByName(ours.graph));
    const accuracy = await accuracyOf(ours.graph);
    expect(accuracy).toBe(ours.history.at(-1)!.validation);
    expect(await accuracyOf(cut)).toBeLessThan(accuracy - 0.05);
  });

  it.each([
    ['mlp', mlp],
    ['mlp with norms', normed],
    ['cnn', cnn],
  ])('ends in two layers that are what was trained: %s', async (_, graph) => {
    const { graph: finished, trained, notes } = await train(graph, [lrpet({ rank: { share: 0.4 }, every: 5 })]);
    expect(differenceOf(trained, finished)).toBeLessThan(1e-4);
    expect(sizesByName(finished)['head.weight.factor1']).toBeUndefined();
    expect(Object.keys(sizesByName(finished)).filter((name) => name.endsWith('factor1')).length).toBeGreaterThan(1);
    for (const note of notes) expect(note).toMatch(/^\S+\.weight: rank \d+ of \d+, as two layers\.$/);
  });

  it('says what a cut loses where no projection came before', () => {
    const lost = 100 * (1 - energyShare(spectrumOf(mlp, 'fc2.weight'), 3));
    const { notes } = lrpet({ rank: { share: 0.3 }, layers: ['fc2'] })
      .prepare(mlp)
      .finish(mlp);
    expect(notes).toEqual([
      `fc2.weight: rank 3 of 24, as two layers; ${lost.toPrecision(2)} % of its energy was beyond that and is cut.`,
    ]);
  });

  it('says which layer is not there any more', () => {
    const { graph } = lorita({ factors: 2 }).prepare(mlp);
    const { notes } = lrpet({ layers: ['fc2'] })
      .prepare(mlp)
      .finish(graph);
    expect(notes).toEqual(['fc2.weight stays one layer: it is no longer there as it was trained.']);
  });

  it('goes with collapsing layers', async () => {
    for (const methods of [
      [lrpet(), layerCollapse()],
      [layerCollapse(), lrpet()],
    ]) {
      const { graph, trained } = await train(normed, methods);
      expect(differenceOf(trained, graph)).toBeLessThan(1e-4);
    }
  });

  it('goes on from a checkpoint as if it had never stopped', async () => {
    const { whole, again } = await resumed(cnn, () => [lrpet({ every: 6 })], { epochs: 2 });
    expect(valuesByName(again.graph)).toEqual(valuesByName(whole.graph));
  });

  it('leaves no tensors behind', async () => {
    expect(await tensorsLeft(() => train(cnn, [lrpet({ every: 6 })], { epochs: 1 }))).toBe(0);
  });
});

describe('refusals', () => {
  it('are of options that do not fit', () => {
    expect(() => lrpet({ rank: { share: 1 } })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method lrpet do not fit: share is 1.
        Next: Give rank.share as a number between 0 and 1.]
    `);
    expect(() => lrpet({ rank: { energy: 0 } })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method lrpet do not fit: energy is 0.
        Next: Give rank.energy as a number between 0 and 1.]
    `);
    expect(() => lrpet({ every: 0 })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method lrpet do not fit: every is 0.
        Next: Give every as a whole number of steps, at least 1.]
    `);
    expect(() => lrpet({ layers: ['none'] }).prepare(mlp)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method lrpet do not fit: layers has "none", which it cannot take.
        Next: Leave layers out, or name some of fc1, fc2, head.]
    `);
  });

  it('are of networks without layers that a lower rank makes smaller', () => {
    const classifier = models.mlp({ inputs: 16, hidden: [], classes: 4 })(3);
    expect(() => lrpet().prepare(classifier)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8003: The method lrpet has nothing to work on: the model has no layer that is smaller as two of the rank asked for.
        Next: Leave the method out, or choose one that fits the model.]
    `);
    expect(() => lrpet({ rank: { energy: 0.99 } }).prepare(mlp)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8003: The method lrpet has nothing to work on: the model has no layer that is smaller as two of the rank asked for.
        Next: Leave the method out, or choose one that fits the model.]
    `);
    const net = new Network('none', 1);
    const graph = net.finish(net.activation('act', net.input('image', 'float32', [1, 4]), 'relu', 0));
    expect(() => lrpet().prepare(graph)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8003: The method lrpet has nothing to work on: the model has no linear layer or ungrouped convolution with weights of its own.
        Next: Leave the method out, or choose one that fits the model.]
    `);
  });
});
