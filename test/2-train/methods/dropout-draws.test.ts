import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { execute } from '../../../compiler/2-train/engine/execute.ts';
import { natural } from '../../../compiler/2-train/engine/held.ts';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { type DropoutOptions, dropout } from '../../../compiler/2-train/methods/dropout.ts';
import type { Gradients, Method } from '../../../compiler/2-train/methods/method.ts';
import { sam } from '../../../compiler/2-train/methods/sam.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { sgd } from '../../../compiler/2-train/optimisers/index.ts';
import { Parameters } from '../../../compiler/2-train/parameters.ts';
import { makeRandom, type Random } from '../../../compiler/2-train/random.ts';
import { rolesOf } from '../../../compiler/2-train/roles.ts';
import { trainNetwork } from '../../../compiler/2-train/train-network.ts';
import { evaluateGraph } from '../../../compiler/ir/evaluate.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { numbersOf, tensorOf } from '../../../compiler/tensor/convert.ts';
import { makeTensor } from '../../../compiler/tensor/tensor.ts';
import { answersOf, expectSame, feedsFor } from './answers.ts';
import { hiddenUnitGraphs } from './hidden-unit-graphs.ts';
import { blobs, taskOf } from './small-task.ts';

beforeAll(async () => {
  await useWasm();
});

/** Masks of a step by name: the sizes of the whole, and the numbers of each sample. */
type Masks = ReadonlyMap<string, { readonly shape: readonly number[]; readonly samples: readonly number[][] }>;

function masksOf(graph: Graph, own: ReadonlyMap<ValueId, tf.Tensor>): Masks {
  return new Map(
    [...own].map(([id, tensor]) => {
      const [count, ...rest] = tensor.shape as [number, ...number[]];
      const samples = tf.reshape(tensor, [count, rest.reduce((a, b) => a * b, 1)]).arraySync() as number[][];
      return [graph.values.get(id)!.name, { shape: tensor.shape, samples }];
    }),
  );
}

/** `tf.tidy` for what is no tensor. */
function tidied<T>(make: () => T): T {
  tf.engine().startScope();
  try {
    return make();
  } finally {
    tf.engine().endScope();
  }
}

/** Masks of some steps in a row. */
function draw(graph: Graph, options: DropoutOptions, count: number, random: Random, steps = 1): Masks[] {
  const { graph: masked, roles, drawEach } = dropout(options).prepare(graph);
  const parameters = new Parameters(masked, roles);
  const drawn = Array.from({ length: steps }, () =>
    tidied(() => masksOf(masked, drawEach!(parameters, count, random))),
  );
  parameters.dispose();
  return drawn;
}

/** The graph with the masks of one sample, as the reference evaluation reads it. */
const ofSample = (masked: Graph, masks: Masks, sample: number): Graph => ({
  ...masked,
  constants: new Map(
    [...masked.constants].map(([id, tensor]) => {
      const mask = masks.get(masked.values.get(id)!.name);
      return [id, mask ? makeTensor('float32', tensor.shape, Float32Array.from(mask.samples[sample]!)) : tensor];
    }),
  ),
});

const wide = models.mlp({ inputs: [1, 8, 8], hidden: [50, 40], classes: 4 })(1);
const cnn = models.cnn({ inputs: [1, 8, 8], channels: [6, 10], dense: [20], classes: 4 })(1);

describe('what is drawn', () => {
  test.each([0.2, 0.5, 0.9])('rate %s: that share is 0, the rest makes up for it', (rate) => {
    const [masks] = draw(wide, { rate }, 200, makeRandom(1));
    expect([...masks!.keys()]).toEqual(['fc1.dropout', 'fc2.dropout']);
    for (const { samples } of masks!.values()) {
      const all = samples.flat();
      const zeros = all.filter((factor) => factor === 0).length / all.length;
      // five deviations
      expect(Math.abs(zeros - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / all.length));
      expect([...new Set(all)].sort()).toEqual([0, Math.fround(1 / (1 - rate))]);
    }
  });

  test('is of each sample, layer and step its own, and the same for the same seed', () => {
    const steps = draw(wide, {}, 30, makeRandom(1), 3);
    const rows = steps.flatMap((masks) => [...masks.values()].flatMap(({ samples }) => samples.map(String)));
    expect(rows.length).toBe(3 * 2 * 30);
    expect(new Set(rows).size).toBe(rows.length);
    expect(draw(wide, {}, 30, makeRandom(1), 3)).toEqual(steps);
    expect(draw(wide, {}, 30, makeRandom(2), 3)).not.toEqual(steps);
  });

  test('channels are left out whole, behind a flatten too', () => {
    const [masks] = draw(cnn, {}, 8, makeRandom(1));
    expect([...masks!].map(([name, { shape }]) => [name, shape])).toEqual([
      ['conv1.dropout', [8, 6, 1, 1]],
      ['conv2.dropout', [8, 10 * 4]],
      ['fc1.dropout', [8, 20]],
    ]);
    const flat = masks!.get('conv2.dropout')!.samples;
    for (const sample of flat)
      for (let c = 0; c < 10; c++) expect(new Set(sample.slice(4 * c, 4 * c + 4)).size).toBe(1);
    expect(new Set(flat.map(String)).size).toBeGreaterThan(1);
  });

  test('layers that are named have masks, no others', () => {
    expect([...draw(cnn, { layers: ['conv2'] }, 2, makeRandom(1))[0]!.keys()]).toEqual(['conv2.dropout']);
  });

  test.each(hiddenUnitGraphs)('every sample is computed with its own masks: %s', (_, graph) => {
    const { graph: masked, roles, drawEach } = dropout({ rate: 0.3 }).prepare(graph);
    const parameters = new Parameters(masked, roles);
    const seeds = [1, 2, 3];
    const { masks, answers } = tidied(() => {
      const own = drawEach!(parameters, seeds.length, makeRandom(4));
      const feeds = Object.fromEntries(
        feedsFor(masked, 1).map(([name, sizes], i) => {
          const samples = seeds.flatMap((seed) => feedsFor(masked, seed)[i]![2]);
          return [name, tf.tensor(samples, [seeds.length, ...sizes])];
        }),
      );
      const values = execute(masked, feeds, parameters.tensors, { isTraining: false }, own);
      const outputs = masked.outputs.map(({ value }) => natural(values.get(value)!));
      const each = seeds.map((_, s) => outputs.flatMap((output) => Array.from(tf.gather(output, s).dataSync())));
      return { masks: masksOf(masked, own), answers: each };
    });
    parameters.dispose();
    seeds.forEach((seed, s) => {
      expectSame(answers[s]!, answersOf(ofSample(masked, masks, s), seed));
    });
    const all = seeds.map((_, s) => String([...masks.values()].map(({ samples }) => samples[s])));
    expect(new Set(all).size).toBe(seeds.length);
  });
});

/** The same method; each step's masks are told. */
const told = (method: Method, tell: (masks: Masks) => void): Method => ({
  ...method,
  prepare(graph) {
    const preparation = method.prepare(graph);
    return {
      ...preparation,
      drawEach(parameters, count, random) {
        const own = preparation.drawEach!(parameters, count, random);
        tell(tidied(() => masksOf(parameters.graph, own)));
        return own;
      },
    };
  },
});

describe('gradients of a step', () => {
  const smooth: readonly [string, Graph][] = [
    ['linear layers', models.mlp({ inputs: [1, 8, 8], hidden: [7, 6], classes: 4, activation: 'tanh' })(1)],
    [
      'layers over tokens',
      models.vit({ inputs: [1, 8, 8], patch: 4, width: 8, heads: 2, depth: 1, hidden: 12, classes: 4 })(1),
    ],
  ];
  test.each(smooth)('are those of the loss with its masks: %s', async (_, graph) => {
    const count = 6;
    const data = blobs(count, 1);
    const drawn: Masks[] = [];
    const [method, rate] = [dropout({ rate: 0.4 }), 0.5];
    const optimiser = sgd({ rate, momentum: 0 });
    const methods = [told(method, (masks) => drawn.push(masks))];
    const { trained } = await trainNetwork(taskOf(graph, { train: data, optimiser, methods, epochs: 1, batch: count }));
    expect(drawn.length).toBe(1);
    const { graph: masked } = method.prepare(graph);
    const order = makeRandom(1).permutation(count);

    /** Mean cross-entropy with these values of one constant, by the reference evaluation. */
    const lossAt = (id: ValueId, values: Float32Array): number => {
      const changed = new Map(masked.constants);
      changed.set(id, makeTensor('float32', masked.constants.get(id)!.shape, values));
      const losses = Array.from(order, (position, s) => {
        const sample = ofSample({ ...masked, constants: changed }, drawn[0]!, s);
        const feeds = new Map([['image', tensorOf('float32', [1, 1, 8, 8], [...data.feedsOf(position).image!])]]);
        const logits = Array.from(evaluateGraph(sample, feeds, 'float64').get('logits')!.data, Number);
        return Math.log(logits.reduce((sum, v) => sum + Math.exp(v), 0)) - logits[data.labels!.values[position]!]!;
      });
      return losses.reduce((a, b) => a + b) / count;
    };

    const [random, step] = [makeRandom(5), 1e-4];
    const learnt = [...rolesOf(graph)].filter(([, { kind }]) => kind === 'learnt');
    const names = learnt.map(([id]) => graph.values.get(id)!.name);
    let compared = 0;
    for (const [id, tensor] of masked.constants) {
      const { name } = masked.values.get(id)!;
      if (!names.includes(name)) continue;
      const [before, after] = [numbersOf(tensor), numbersOf(trained.constants.get(id)!)];
      const along = before.map(() => random.uniform(-1, 1));
      const moved = (by: number) => Float32Array.from(before, (v, i) => v + by * along[i]!);
      const [up, down] = [moved(step), moved(-step)];
      const rise = before.reduce((sum, v, i) => sum + ((v - after[i]!) / rate) * (up[i]! - down[i]!), 0);
      const [found, wanted] = [rise / (2 * step), (lossAt(id, up) - lossAt(id, down)) / (2 * step)];
      expect(Math.abs(found - wanted), `${name}: ${found} instead of ${wanted}`).toBeLessThan(1e-5);
      compared++;
    }
    expect(compared).toBe(names.length);
  });

  test('are all taken with the same masks, and those of the next step with others', async () => {
    const drawn: Masks[] = [];
    const taken: Gradients[] = [];
    const twice: Method = {
      name: 'twice',
      settings: {},
      prepare: (graph) => ({
        graph,
        async around(_, gradients) {
          taken.push(await gradients(), await gradients());
          return taken.at(-1)!;
        },
        finish: (trained) => ({ graph: trained, notes: [] }),
      }),
    };
    const still = sgd({ rate: 1e-30, momentum: 0 });
    const methods = [told(dropout(), (masks) => drawn.push(masks)), twice];
    // the same batch again: what differs are the masks
    await trainNetwork(taskOf(wide, { methods, optimiser: still, epochs: 2, train: blobs(1, 1), batch: 1 }));
    expect(drawn.length).toBe(2);
    expect(taken.length).toBe(4);
    expect(taken[1]).toEqual(taken[0]);
    expect(taken[3]).toEqual(taken[2]);
    expect(taken[2]!.loss).not.toBe(taken[0]!.loss);
  });

  test('sam takes both of its passes with them', async () => {
    const drawn: Masks[] = [];
    const methods = [told(dropout(), (masks) => drawn.push(masks)), sam()];
    await trainNetwork(taskOf(wide, { methods, epochs: 1, train: blobs(64, 1), batch: 32 }));
    expect(drawn.length).toBe(2);
  });
});
