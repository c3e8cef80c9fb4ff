import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../compiler/2-train/checkpoint.ts';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { evaluateGraph } from '../../../compiler/2-train/evaluate.ts';
import { type DropoutOptions, dropout } from '../../../compiler/2-train/methods/dropout.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import type { Method } from '../../../compiler/2-train/methods/method.ts';
import { qat } from '../../../compiler/2-train/methods/qat.ts';
import { sam } from '../../../compiler/2-train/methods/sam.ts';
import { structuralDropout } from '../../../compiler/2-train/methods/structural-dropout.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { makeRandom } from '../../../compiler/2-train/random.ts';
import { type TrainingHooks, trainNetwork } from '../../../compiler/2-train/train-network.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { graphOf } from '../../3-compress/pass-case.ts';
import { toyTask } from '../toy-task.ts';
import { answersOf, expectSame } from './answers.ts';
import { blobs, taskOf } from './small-task.ts';

beforeAll(async () => {
  await useWasm();
});

const { validation, train } = toyTask();
const network = (hidden: readonly number[], batchNorm = false): Graph =>
  models.mlp({ inputs: 2, hidden, classes: 2, batchNorm })(3);
const cnn = models.cnn({ inputs: [1, 8, 8], channels: [6, 8], dense: [16], classes: 4, batchNorm: true })(1);

const trained = (graph: Graph, methods: readonly Method[], epochs: number, hooks: TrainingHooks = {}) =>
  trainNetwork(toyTask({ graph, methods, epochs }), hooks);
const accuracyOf = (graph: Graph): Promise<number> => evaluateGraph(graph, validation, top1);

const numbersOf = (graph: Graph): number[] =>
  [...graph.constants.values()].flatMap(({ data }) => Array.from(data, Number));
const constantNamed = (graph: Graph, name: string): number[] => {
  const [id] = [...graph.constants.keys()].filter((one) => graph.values.get(one)!.name === name);
  return Array.from(graph.constants.get(id!)!.data, Number);
};

describe('training', () => {
  /** Mean accuracy of networks that are left of one where half of all hidden units are left out by chance. */
  const thinned = async (graph: Graph): Promise<number> => {
    const random = makeRandom(1);
    const { graph: masked } = dropout().prepare(graph);
    const values: number[] = [];
    while (values.length < 10) {
      const constants = new Map(
        [...masked.constants].map(([id, tensor]) => {
          if (!masked.values.get(id)!.name.endsWith('.dropout')) return [id, tensor];
          return [
            id,
            { ...tensor, data: new Float32Array(tensor.data.length).map(() => (random.uniform() < 0.5 ? 0 : 2)) },
          ];
        }),
      );
      values.push(await accuracyOf({ ...masked, constants }));
    }
    return values.reduce((sum, v) => sum + v) / values.length;
  };

  test('what is left without some units does better than after training without it', async () => {
    const [plain, dropped] = [
      await trained(network([64, 64]), [], 20),
      await trained(network([64, 64]), [dropout()], 20),
    ];
    expect(dropped.history.at(-1)!.validation).toBeGreaterThan(0.95);
    expect(await thinned(dropped.graph)).toBeGreaterThan((await thinned(plain.graph)) + 0.1);
  });

  test('the plain graph is what was trained; what is evaluated is the whole network', async () => {
    for (const graph of [network([16, 12], true), cnn]) {
      const task = graph === cnn ? taskOf(graph, { epochs: 2 }) : toyTask({ graph, epochs: 2 });
      const { graph: finished, trained: raw, history } = await trainNetwork({ ...task, methods: [dropout()] });
      expect(finished.nodes.map(({ op }) => op)).toEqual(graph.nodes.map(({ op }) => op));
      expect([...finished.values.values()].filter(({ name }) => name.includes('dropout'))).toEqual([]);
      expect(raw.nodes.length).toBeGreaterThan(graph.nodes.length);
      for (const seed of [1, 2, 3]) expectSame(answersOf(finished, seed), answersOf(raw, seed));
      expect(await evaluateGraph(finished, task.validation!, top1)).toBe(history.at(-1)!.validation);
      expect(numbersOf(finished)).not.toEqual(numbersOf((await trainNetwork(task)).graph));
    }
  });

  test('norms of the same layer do not see the zeros', async () => {
    const oneStep = (methods: readonly Method[]) =>
      trainNetwork(toyTask({ graph: network([16, 12], true), methods, epochs: 1, batch: train.size }));
    const [dropped, plain] = [await oneStep([dropout()]), await oneStep([])];
    for (const statistic of ['mean', 'variance']) {
      const of = ({ graph }: { graph: Graph }, layer: string) => constantNamed(graph, `${layer}.norm.${statistic}`);
      expect(of(dropped, 'fc1')).toEqual(of(plain, 'fc1'));
      expect(of(dropped, 'fc2')).not.toEqual(of(plain, 'fc2'));
    }
  });

  test('is the same for the same seed, and goes on from a checkpoint as if it had not stopped', async () => {
    const kept: Checkpoint[] = [];
    const run = (hooks: TrainingHooks = {}) => trained(network([16, 12]), [dropout({ rate: 0.3 })], 4, hooks);
    const whole = await run({ onCheckpoint: (checkpoint) => kept.push(checkpoint) });
    const [again, resumed] = [await run(), await run({ from: kept[1] })];
    expect(numbersOf(again.graph)).toEqual(numbersOf(whole.graph));
    expect(numbersOf(resumed.graph)).toEqual(numbersOf(whole.graph));
    expect(resumed.history.map(({ loss }) => loss)).toEqual(whole.history.map(({ loss }) => loss));
    const other = await trained(network([16, 12]), [dropout({ rate: 0.4 })], 4, { from: kept[1] });
    expect(numbersOf(other.graph)).not.toEqual(numbersOf(whole.graph));
  });

  test('frees all it takes', async () => {
    const before = tf.memory().numTensors;
    await trainNetwork(taskOf(cnn, { epochs: 2, methods: [dropout()] }));
    expect(tf.memory().numTensors).toBe(before);
  });

  test('values that are no numbers only with the masks are found with them', async () => {
    // 1e37 a unit, a hundred times that where it is kept
    const overflows = (graph: Graph): Graph => ({
      ...graph,
      constants: new Map(
        [...graph.constants].map(([id, tensor]) => {
          const values: Readonly<Record<string, number>> = { 'fc1.bias': 1e37, 'head.weight': 1e-38 };
          const value = values[graph.values.get(id)!.name] ?? 0;
          return [id, { ...tensor, data: new Float32Array(tensor.data.length).fill(value) }];
        }),
      ),
    });
    const task = toyTask({ graph: overflows(network([40])), epochs: 1, batch: train.size });
    const before = tf.memory().numTensors;
    expect((await trainNetwork(task)).history[0]!.loss).toBeLessThan(1);
    await expect(trainNetwork({ ...task, methods: [dropout({ rate: 0.99 })] })).rejects.toThrow(
      /^LCC8004: The loss is (NaN|Infinity) at step 1; it began in the node "fc1\.dropout"/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('beside other methods', () => {
  const image = models.mlp({ inputs: [1, 8, 8], hidden: [48, 48], classes: 4 })(1);
  const beside: readonly [string, readonly Method[]][] = [
    ['sam', [dropout(), sam()]],
    ['structural-dropout', [structuralDropout(), dropout()]],
    ['structural-dropout, named last', [dropout(), structuralDropout()]],
    ['qat', [dropout(), qat()]],
    ['qat of activations', [dropout(), qat({ activations: true })]],
  ];
  test.each(beside)('%s', async (_, methods) => {
    const before = tf.memory().numTensors;
    const { graph, history } = await trainNetwork(taskOf(image, { methods, epochs: 6, train: blobs(512, 1) }));
    expect(tf.memory().numTensors).toBe(before);
    expect(graph.nodes.map(({ op }) => op)).toEqual(image.nodes.map(({ op }) => op));
    expect(history.at(-1)!.validation).toBeGreaterThan(0.7);
  });

  test('layer-collapse, named first', async () => {
    const methods = [layerCollapse({ strength: 20 }), dropout()];
    const { graph, trained: raw } = await trained(network([24, 24]), methods, 20);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['linear', 'linear', 'linear']);
    expectSame(answersOf(graph, 1), answersOf(raw, 1));
  });

  test('ranges of what layers read are those of values that make up for the others', async () => {
    // what is read is 1, and 1 / (1 - 0.75) in training
    const ones = graphOf((g) => {
      const hidden = g.add('sigmoid', [
        g.add('linear', [g.input([1, 2]), g.constant([32, 2], 0), g.constant([32], 40)]),
      ]);
      return g.add('linear', [hidden, g.constant([2, 32], 0.01)]);
    });
    const [input, output] = [ones.values.get(ones.inputs[0]!)!.name, ones.outputs[0]!.name];
    const data = { ...train, feedsOf: (i: number) => ({ [input]: train.feedsOf(i).image! }) };
    const task = toyTask({ graph: ones, train: data, validation: data, output, epochs: 1 });
    const highOf = async (methods: readonly Method[]): Promise<number> => {
      const { trained: raw } = await trainNetwork({ ...task, methods: [...methods, qat({ activations: true })] });
      const highs = [...raw.constants].filter(([id]) => raw.values.get(id)!.name.endsWith('.codes.high'));
      return Number(highs.at(-1)![1].data[0]);
    };
    expect(await highOf([])).toBeCloseTo(1, 2);
    expect(await highOf([dropout({ rate: 0.75 })])).toBeCloseTo(4, 2);
  });
});

describe('what is refused', () => {
  const prepare = (options: DropoutOptions, hidden: readonly number[] = [16, 12]) =>
    dropout(options).prepare(network(hidden));
  test('options that do not fit, word for word', () => {
    expect(() => dropout({ rate: 1 })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method dropout do not fit: rate 1 is not above 0 and below 1.
        Next: Give a rate such as 0.5.]
    `);
    for (const rate of [0, -0.1, 1.5, Number.NaN])
      expect(() => dropout({ rate })).toThrow(`rate ${rate} is not above 0`);
    expect(() => prepare({ layers: [] })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method dropout do not fit: layers is empty.
        Next: Leave layers out, or name some of fc1, fc2.]
    `);
    expect(() => prepare({ layers: ['fc1', 'head'] })).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8007: The options of the method dropout do not fit: the layer "head" cannot be taken: "head_11" is an output.
        Next: Leave layers out, or name some of fc1, fc2.]
    `);
  });
  test('networks without hidden layers', () => {
    expect(() => prepare({}, [])).toThrowErrorMatchingInlineSnapshot(`
      [LccError: LCC8003: The method dropout has nothing to work on: the model has no hidden layer (linear, conv).
        Next: Leave the method out, or choose one that fits the model.]
    `);
  });
});
