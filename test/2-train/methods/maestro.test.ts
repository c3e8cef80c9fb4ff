import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import { maestro } from '../../../compiler/2-train/methods/maestro.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { Network } from '../../../compiler/2-train/models/network.ts';
import { makeRandom } from '../../../compiler/2-train/random.ts';
import {
  differenceOf,
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

const mlp = models.mlp({ inputs: 16, hidden: [24, 24], classes: 4, batchNorm: true })(3);
const cnn = models.cnn({ inputs: [1, 8, 8], channels: [4, 6], dense: [12], classes: 4, batchNorm: true })(3);
const strong = { strength: 1e-2, threshold: 0.05 };

describe('the start', () => {
  it('is the network that came, as two layers of full rank each, balanced', () => {
    for (const graph of [mlp, cnn]) expect(differenceOf(graph, maestro().prepare(graph).graph)).toBeLessThan(1e-5);
    const { graph } = maestro().prepare(cnn);
    expect(sizesByName(graph)).toMatchObject({
      'conv1.weight.factor1': [4, 1, 3, 3],
      'conv1.weight.factor2': [4, 4, 1, 1],
      'fc1.weight.factor1': [12, 24],
      'fc1.weight.factor2': [12, 12],
      'head.weight.factor1': [4, 12],
      'head.weight.factor2': [4, 4],
    });
    const roots = spectrumOf(cnn, 'fc1.weight').map(Math.sqrt);
    for (const i of [1, 2])
      for (const [j, value] of spectrumOf(graph, `fc1.weight.factor${i}`).entries())
        expect(value).toBeCloseTo(roots[j]!, 5);
  });
});

describe('a step', () => {
  it('runs one layer at one rank, uniformly drawn, and none between steps', () => {
    const preparation = maestro({ layers: ['fc2', 'head'] }).prepare(mlp);
    const random = makeRandom(4);
    withParameters(preparation, (parameters) => {
      preparation.begin?.(parameters, 0, 1);
      const names = ['fc2.weight.factor1', 'head.weight.factor1'];
      /** rows that are seen, of each */
      const seen = (): number[] =>
        names.map((name) => {
          const { variable, shape, values: own } = parameters.named(name);
          const one = preparation.see!(name, { tensor: variable, values: () => own });
          const values = one.tensor.dataSync<'float32'>();
          expect(one.values().every((v, at) => v === values[at])).toBe(true);
          const width = shape[1]!;
          return values.reduce((rows, v, at) => (v === 0 ? rows : Math.max(rows, Math.floor(at / width) + 1)), 0);
        });
      expect(seen()).toEqual([24, 4]);
      const counts = [new Map<number, number>(), new Map<number, number>()];
      for (let step = 0; step < 2400; step++) {
        preparation.draw!(parameters, random);
        const rows = seen();
        expect(rows[0] === 24 || rows[1] === 4).toBe(true);
        const layer = rows[0]! < 24 ? 0 : 1;
        counts[layer]!.set(rows[layer]!, (counts[layer]!.get(rows[layer]!) ?? 0) + 1);
      }
      expect([...counts[0]!.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
      // 1200 for the 24 ranks of fc2, of which the last is seen as the whole network
      for (const count of counts[0]!.values()) expect(Math.abs(count - 50)).toBeLessThan(30);
      for (const rank of [1, 2, 3]) expect(Math.abs(counts[1]!.get(rank)! - 300)).toBeLessThan(70);
      preparation.afterStep!(parameters, 0.1);
      expect(seen()).toEqual([24, 4]);
    });
  });

  it('does not move what is dropped', () => {
    const preparation = maestro({ threshold: 1e3, layers: ['fc2'] }).prepare(mlp);
    withParameters(preparation, (parameters) => {
      preparation.begin!(parameters, 0, 1);
      preparation.afterEpoch!(parameters, 1, 2);
      const pair = ['fc2.weight.factor1', 'fc2.weight.factor2'].map((name) => parameters.named(name));
      for (const parameter of pair) {
        parameter.values.fill(1);
        parameters.update(parameter);
      }
      preparation.afterStep!(parameters, 0.1);
      const [first, second] = pair;
      expect(Array.from(first!.values)).toEqual(Array.from(first!.values, (_, at) => (at < 24 ? 1 : 0)));
      expect(Array.from(second!.values)).toEqual(Array.from(second!.values, (_, at) => (at % 24 === 0 ? 1 : 0)));
      for (const { variable, values } of pair) expect(variable.dataSync()).toEqual(values);
    });
  });

  it('is charged for the norms of all tails', () => {
    const preparation = maestro({ strength: 0.5, layers: ['fc2'] }).prepare(mlp);
    withParameters(preparation, (parameters) => {
      const penalty = preparation.penalty!(parameters, undefined as never).dataSync()[0]!;
      // of both factors, S on the diagonal: sqrt of the sum of S from b on
      const singular = spectrumOf(mlp, 'fc2.weight');
      const tails = singular.map((_, b) => Math.sqrt(singular.subarray(b).reduce((sum, v) => sum + v, 0)));
      expect(penalty).toBeCloseTo(0.5 * 2 * tails.reduce((sum, v) => sum + v, 0), 3);
    });
    expect(maestro({ strength: 0 }).prepare(mlp).penalty).toBeUndefined();
  });
});

describe('training', () => {
  it('lowers ranks by its strength, and answers well', async () => {
    const run = (strength: number) => train(mlp, [maestro({ ...strong, strength })], { epochs: 10 });
    const [free, charged] = [await run(0), await run(strong.strength)];
    const rankOf = (status: Readonly<Record<string, number>>): number => status['fc2.weight.rank']!;
    expect(rankOf(free.history.at(-1)!.status)).toBeGreaterThan(21);
    expect(rankOf(charged.history.at(-1)!.status)).toBeLessThan(12);
    expect(charged.history.at(-1)!.validation).toBeGreaterThan(0.85);
    const ranks = charged.history.map(({ status }) => rankOf(status));
    expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
  });

  it('ends in layers of the rank that is left, as two only where they are smaller', async () => {
    const { graph, trained, notes, history } = await train(mlp, [maestro(strong)], { epochs: 10 });
    expect(differenceOf(trained, graph)).toBeLessThan(1e-4);
    const { status } = history.at(-1)!;
    const sizes = sizesByName(graph);
    for (const [name, [n, k]] of Object.entries({ fc1: [24, 16], fc2: [24, 24], head: [4, 24] })) {
      const rank = status[`${name}.weight.rank`]!;
      const isTwo = rank * (n! + k!) < n! * k!;
      expect(sizes[`${name}.weight`]).toEqual(isTwo ? undefined : [n, k]);
      expect(sizes[`${name}.weight.factor1`]).toEqual(isTwo ? [rank, k] : undefined);
      expect(sizes[`${name}.weight.factor2`]).toEqual(isTwo ? [n, rank] : undefined);
      expect(notes).toContain(
        `${name}.weight: rank ${rank} of ${Math.min(n!, k!)}, as ${isTwo ? 'two layers' : 'one layer'}.`,
      );
    }
    expect(sizes['fc2.weight']).toBeUndefined();
  });

  it('works on convolutions', async () => {
    const { graph, trained, history } = await train(cnn, [maestro({ strength: 3e-2, threshold: 0.1 })], { epochs: 5 });
    expect(differenceOf(trained, graph)).toBeLessThan(1e-4);
    expect(history.at(-1)!.status['conv2.weight.rank']).toBeLessThan(6);
  });

  it('keeps what is dropped at 0, one rank at the least', async () => {
    const { trained, history } = await train(mlp, [maestro({ strength: 0.1, threshold: 1e3 })], { epochs: 2 });
    expect(Object.values(history[0]!.status)).toEqual([1, 1, 1]);
    const { 'fc2.weight.factor1': first, 'fc2.weight.factor2': second } = valuesByName(trained);
    expect(first!.map((v, at) => (v === 0) === at >= 24)).not.toContain(false);
    expect(second!.map((v, at) => (v === 0) === at % 24 > 0)).not.toContain(false);
  });

  it('goes with collapsing layers', async () => {
    for (const methods of [
      [maestro(strong), layerCollapse()],
      [layerCollapse(), maestro(strong)],
    ]) {
      const { graph, trained } = await train(mlp, methods);
      expect(differenceOf(trained, graph)).toBeLessThan(1e-4);
    }
  });

  it('goes on from a checkpoint as if it had never stopped', async () => {
    const { whole, again } = await resumed(mlp, () => [maestro(strong)], { epochs: 8 });
    expect(whole.history.at(-2)!.status['fc2.weight.rank']).toBeLessThan(24);
    expect(again.history.map(({ status }) => status)).toEqual(whole.history.map(({ status }) => status));
    expect(valuesByName(again.graph)).toEqual(valuesByName(whole.graph));
  });

  it('leaves no tensors behind', async () => {
    expect(await tensorsLeft(() => train(cnn, [maestro(strong)], { epochs: 1 }))).toBe(0);
  });
});

it('learns from weights that are 0', async () => {
  // a quarter is right by chance
  const zeroHead = { ...mlp, constants: new Map(mlp.constants) };
  for (const [id, tensor] of mlp.constants)
    if (mlp.values.get(id)!.name === 'head.weight')
      zeroHead.constants.set(id, { ...tensor, data: new Float32Array(tensor.data.length) });
  const { history } = await train(zeroHead, [maestro()]);
  expect(history.at(-1)!.validation).toBeGreaterThan(0.45);
});

it('says what has changed between the factors', () => {
  const { notes } = maestro({ layers: ['fc2'] })
    .prepare(mlp)
    .finish(mlp);
  expect(notes).toEqual(['fc2.weight stays two layers: what is between them has changed.']);
});

describe('refusals', () => {
  it('are of options that do not fit', () => {
    expect(() => maestro({ strength: -1 })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method maestro do not fit: strength is -1.
        Next: Give strength as a number of at least 0.]
    `);
    expect(() => maestro({ threshold: Number.NaN })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method maestro do not fit: threshold is NaN.
        Next: Give threshold as a number of at least 0.]
    `);
    expect(() => maestro({ layers: ['none'] }).prepare(mlp)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method maestro do not fit: layers has "none", which it cannot take.
        Next: Leave layers out, or name some of fc1, fc2, head.]
    `);
  });

  it('are of networks without layers', () => {
    const net = new Network('none', 1);
    const graph = net.finish(net.activation('act', net.input('image', 'float32', [1, 4]), 'relu', 0));
    expect(() => maestro().prepare(graph)).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8003: The method maestro has nothing to work on: the model has no linear layer or ungrouped convolution with weights of its own.
        Next: Leave the method out, or choose one that fits the model.]
    `);
  });
});
