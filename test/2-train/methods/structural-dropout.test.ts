import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../compiler/2-train/checkpoint.ts';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { evaluateGraph as evaluateNetwork } from '../../../compiler/2-train/evaluate.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import type { Method } from '../../../compiler/2-train/methods/method.ts';
import {
  type StructuralDropoutOptions,
  structuralDropout,
} from '../../../compiler/2-train/methods/structural-dropout.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { type TrainingHooks, trainNetwork } from '../../../compiler/2-train/train-network.ts';
import { measureWidths, sixteenths } from '../../../compiler/2-train/width-table.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { toyTask } from '../toy-task.ts';
import { answersOf, expectSame } from './answers.ts';

beforeAll(async () => {
  await useWasm();
});

const { validation, train } = toyTask();
const network = (hidden: readonly number[], batchNorm = false): Graph =>
  models.mlp({ inputs: 2, hidden, classes: 2, batchNorm })(3);

const trained = (graph: Graph, methods: readonly Method[], epochs: number, hooks: TrainingHooks = {}) =>
  trainNetwork(toyTask({ graph, methods, epochs }), hooks);

const learntOf = (graph: Graph): number[] =>
  [...graph.constants.values()].flatMap(({ data }) => Array.from(data, Number));
const constantNamed = (graph: Graph, name: string): number[] => {
  const [id] = [...graph.values.values()].filter((value) => value.name === name).map((value) => value.id);
  return Array.from(graph.constants.get(id!)!.data, Number);
};

describe('training', () => {
  /** Mean of the metric over the networks of up to a quarter of the units. */
  const narrow = async (graph: Graph): Promise<number> => {
    const rows = await measureWidths(graph, sixteenths.slice(0, 4), (cut) => evaluateNetwork(cut, validation, top1));
    return rows.reduce((sum, { value }) => sum + value, 0) / rows.length;
  };

  test('the first units are a network of their own, and the whole one still is', async () => {
    const plain = await trained(network([64, 64]), [], 20);
    const dropped = await trained(network([64, 64]), [structuralDropout()], 20);
    expect(dropped.history.at(-1)!.validation).toBeGreaterThan(0.95);
    expect(await narrow(dropped.graph)).toBeGreaterThan((await narrow(plain.graph)) + 0.1);
    expect(dropped.notes).toEqual(['Can be cut to their first units: fc1 from 64 down to 4, fc2 from 64 down to 4.']);
  });

  test('the plain graph is what was trained; what is evaluated is the whole network', async () => {
    const graph = network([16, 12], true);
    const { graph: finished, trained: raw, history } = await trained(graph, [structuralDropout()], 2);
    expect(finished.nodes.map(({ op }) => op)).toEqual(graph.nodes.map(({ op }) => op));
    for (const seed of [1, 2, 3]) expectSame(answersOf(finished, seed), answersOf(raw, seed));
    expect(await evaluateNetwork(finished, validation, top1)).toBe(history.at(-1)!.validation);
  });

  test('norms do not see the zeros', async () => {
    const graph = network([16, 12], true);
    const oneStep = (methods: readonly Method[]) =>
      trainNetwork(toyTask({ graph, methods, epochs: 1, batch: train.size }));
    const [dropped, plain] = [await oneStep([structuralDropout()]), await oneStep([])];
    const of = (name: string) => [constantNamed(dropped.graph, name), constantNamed(plain.graph, name)] as const;
    for (const statistic of ['mean', 'variance']) {
      const [found, wanted] = of(`fc1.norm.${statistic}`);
      expect(found).toEqual(wanted);
      // behind a layer that was cut they are others
      const [behind, whole] = of(`fc2.norm.${statistic}`);
      expect(behind).not.toEqual(whole);
    }
  });

  test('goes on from a checkpoint as if it had not stopped', async () => {
    const kept: Checkpoint[] = [];
    const onCheckpoint = (checkpoint: Checkpoint) => kept.push(checkpoint);
    const whole = await trained(network([16, 12]), [structuralDropout()], 4, { onCheckpoint });
    const resumed = await trained(network([16, 12]), [structuralDropout()], 4, { from: kept[1] });
    expect(learntOf(resumed.graph)).toEqual(learntOf(whole.graph));
    const other = await trained(network([16, 12]), [], 4, { from: kept[1] });
    expect(learntOf(other.graph)).not.toEqual(learntOf(whole.graph));
  });

  test('beside layer-collapse, named first', async () => {
    const methods = [layerCollapse({ strength: 20 }), structuralDropout()];
    const { graph, trained: raw } = await trained(network([24, 24]), methods, 20);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['linear', 'linear', 'linear']);
    const before = answersOf(raw, 1);
    expectSame(answersOf(graph, 1), before);
    const [half] = await measureWidths(graph, [1 / 2], (cut) => evaluateNetwork(cut, validation, top1));
    expect(half!.widths).toEqual({ fc1: 12, fc2: 12 });
  });

  test('frees all it takes', async () => {
    const before = tf.memory().numTensors;
    const { graph } = await trained(network([16, 12]), [structuralDropout({ scale: 'inverse' })], 2);
    await narrow(graph);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what is refused', () => {
  const message = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('nothing was refused');
  };
  test('options that do not fit, word for word', () => {
    const prepare = (options: StructuralDropoutOptions) => () => structuralDropout(options).prepare(network([16, 12]));
    expect(message(prepare({ probability: 1.5 }))).toMatchInlineSnapshot(`
      "LCC8007: The options of the method structural-dropout do not fit: probability 1.5 is not above 0 and at most 1.
        Next: Give a probability such as 1."
    `);
    expect(message(prepare({ probability: 0 }))).toContain('probability 0 is not above 0');
    expect(message(prepare({ step: 0 }))).toMatchInlineSnapshot(`
      "LCC8007: The options of the method structural-dropout do not fit: step 0 is no positive whole number.
        Next: Give a step of 1 or more."
    `);
    expect(message(prepare({ lowerBound: 2.5 }))).toMatchInlineSnapshot(`
      "LCC8007: The options of the method structural-dropout do not fit: lowerBound 2.5 is no positive whole number.
        Next: Give a lowerBound of 1 or more."
    `);
    expect(message(prepare({ lowerBound: 16 }))).toMatchInlineSnapshot(`
      "LCC8007: The options of the method structural-dropout do not fit: lowerBound 16 leaves nothing to cut of at most 16 units.
        Next: Give a lowerBound below 16."
    `);
    expect(message(prepare({ layers: [] }))).toMatchInlineSnapshot(`
      "LCC8007: The options of the method structural-dropout do not fit: layers is empty.
        Next: Leave layers out, or name some of fc1, fc2."
    `);
    expect(message(prepare({ layers: ['fc1', 'fc9'] }))).toMatchInlineSnapshot(`
      "LCC8007: The options of the method structural-dropout do not fit: the layer "fc9" cannot be taken: the model has no such linear layer or convolution.
        Next: Leave layers out, or name some of fc1, fc2."
    `);
    expect(message(prepare({ layers: ['head'] }))).toMatchInlineSnapshot(`
      "LCC8007: The options of the method structural-dropout do not fit: the layer "head" cannot be taken: "head_11" is an output.
        Next: Leave layers out, or name some of fc1, fc2."
    `);
  });
  test('networks without hidden layers', () => {
    expect(message(() => structuralDropout({ layers: ['head'] }).prepare(network([])))).toContain('LCC8003');
    expect(message(() => structuralDropout().prepare(network([])))).toMatchInlineSnapshot(`
      "LCC8003: The method structural-dropout has nothing to work on: the model has no hidden layer (linear, conv) of more units than the lowest width.
        Next: Leave the method out, or choose one that fits the model."
    `);
  });
});
