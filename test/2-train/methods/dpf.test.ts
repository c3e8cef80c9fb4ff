import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../compiler/2-train/checkpoint.ts';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { evaluateGraph } from '../../../compiler/2-train/evaluate.ts';
import { dpf } from '../../../compiler/2-train/methods/dpf.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { trainNetwork } from '../../../compiler/2-train/train-network.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { numbersOf } from '../../../compiler/tensor/convert.ts';
import { sizesOf } from '../../../compiler/tensor/shape.ts';
import { makeTensor } from '../../../compiler/tensor/tensor.ts';
import { differenceOf, outputsOf, taskOf, validation } from './small-task.ts';

beforeAll(async () => {
  await useWasm();
});

const network = (hidden: readonly number[] = [32], batchNorm = false): Graph =>
  models.mlp({ inputs: [1, 8, 8], hidden, classes: 4, batchNorm })(1);

const shapesOf = ({ constants }: Graph): string[] =>
  [...constants.values()].flatMap(({ shape }) => (shape.length > 1 ? [sizesOf(shape).join('x')] : []));

const accuracyOf = (graph: Graph): Promise<number> => evaluateGraph(graph, validation, top1, 'logits');

/** The columns of the head of all but `kept` hidden units set to 0, by the norms that dpf goes by. */
function pruneOnce(graph: Graph, kept: number): Graph {
  const find = (name: string) => [...graph.constants].find(([id]) => graph.values.get(id)?.name === name)!;
  const [[, made], [id, read]] = [find('fc1.weight'), find('head.weight')];
  const [rows, width] = sizesOf(read.shape) as [number, number];
  const each = made.data.length / width;
  const norm = (values: readonly number[]): number => Math.hypot(...values);
  const importance = Array.from({ length: width }, (_, unit) => {
    const column = Array.from({ length: rows }, (_, n) => Number(read.data[n * width + unit]));
    return norm(column) * norm(Array.from(made.data.slice(unit * each, (unit + 1) * each), Number));
  });
  const limit = [...importance].sort((a, b) => b - a)[kept - 1]!;
  const data = Float32Array.from(numbersOf(read), (v, i) => (importance[i % width]! >= limit ? v : 0));
  return { ...graph, constants: new Map(graph.constants).set(id, makeTensor('float32', read.shape, data)) };
}

describe('the units that go', () => {
  test('are cut out of the layers on both sides, and the network keeps what it had learnt with the others', async () => {
    const before = tf.memory().numTensors;
    const methods = [dpf({ share: 0.875, every: 4 })];
    const { graph, trained, notes, history } = await trainNetwork(taskOf(network(), { epochs: 8, methods }));
    expect(tf.memory().numTensors).toBe(before);
    expect(shapesOf(graph)).toEqual(['4x64', '4x4']);
    expect(notes).toEqual([]);
    expect(history.map(({ status }) => status.pruned)).toEqual([
      0.5, 0.78125, 0.875, 0.875, 0.875, 0.875, 0.875, 0.875,
    ]);
    expect(differenceOf(outputsOf(graph), outputsOf(trained))).toBeLessThan(1e-4);
    const accuracy = await accuracyOf(graph);
    expect(accuracy).toBeCloseTo(history.at(-1)!.validation, 6);
    const plain = await trainNetwork(taskOf(network(), { epochs: 8 }));
    const once = await accuracyOf(pruneOnce(plain.graph, 4));
    expect(accuracy).toBeGreaterThan(once + 0.05);
  });

  test('come back where they are needed: masks of the end are not those of the first norms', async () => {
    const kept: string[] = [];
    const one = dpf({ share: 0.75, every: 2, ramp: 1 });
    const watched = {
      name: 'watched',
      settings: {},
      prepare(graph: Graph) {
        const preparation = one.prepare(graph);
        return {
          ...preparation,
          afterStep(...given: Parameters<NonNullable<typeof preparation.afterStep>>) {
            preparation.afterStep!(...given);
            kept.push(given[0].named('head.weight.mask').values.join(''));
          },
        };
      },
    };
    await trainNetwork(taskOf(network([16]), { epochs: 6, methods: [watched] }));
    const pruned = kept.filter((mask) => mask.includes('0'));
    const isBack = Array.from({ length: 16 }, (_, unit) =>
      pruned.some((mask, i) => mask[unit] === '1' && pruned[i - 1]?.[unit] === '0'),
    );
    expect(isBack).toContain(true);
  });

  test('channels of convolutions, of their norms and of what reads them flattened', async () => {
    const cnn = models.cnn({ inputs: [1, 8, 8], channels: [4, 8], dense: [8], classes: 4, batchNorm: true })(1);
    const methods = [dpf({ structured: 'channels' })];
    const { graph, trained } = await trainNetwork(taskOf(cnn, { epochs: 2, methods }));
    expect(shapesOf(graph).sort()).toEqual(['2x1x3x3', '4x2x3x3', '4x8', '8x16']);
    expect(differenceOf(outputsOf(graph), outputsOf(trained))).toBeLessThan(1e-4);
  });

  test('only units of linear layers, where that is asked for', async () => {
    const cnn = models.cnn({ inputs: [1, 8, 8], channels: [4], dense: [8], classes: 4 })(1);
    const { graph } = await trainNetwork(taskOf(cnn, { epochs: 1, methods: [dpf({ structured: 'units' })] }));
    expect(shapesOf(graph)).toEqual(['4x1x3x3', '4x64', '4x4']);
  });

  test('of a residual stream in all layers that write and read it', async () => {
    const residual = models.resNet({ inputs: [1, 8, 8], channels: [4, 8], blocks: 1, classes: 4 })(1);
    const { graph, trained } = await trainNetwork(taskOf(residual, { epochs: 1, methods: [dpf()] }));
    expect(shapesOf(graph).every((shape) => /^(2|4)x/.test(shape))).toBe(true);
    expect(differenceOf(outputsOf(graph), outputsOf(trained))).toBeLessThan(1e-4);
  });
});

test('a run that goes on from a checkpoint ends where one that never stopped does', async () => {
  const checkpoints: Checkpoint[] = [];
  const task = taskOf(network([16, 9], true), { methods: [dpf({ share: 0.6, every: 3, ramp: 4 })] });
  const whole = await trainNetwork(task, { onCheckpoint: (one) => checkpoints.push(one) });
  const rest = await trainNetwork(task, { from: checkpoints[2] });
  expect(outputsOf(rest.graph)).toEqual(outputsOf(whole.graph));
});

test('behind layer-collapse, whose blocks are still merged', async () => {
  const methods = [layerCollapse({ strength: 100 }), dpf()];
  const { graph, trained } = await trainNetwork(taskOf(network([16, 16]), { methods }));
  expect(graph.nodes.some(({ op }) => op === 'relu')).toBe(false);
  expect(shapesOf(graph)).toEqual(['8x64', '8x8', '4x8']);
  expect(differenceOf(outputsOf(graph), outputsOf(trained))).toBeLessThan(1e-4);
});

test('training that ends too early says what is missing', async () => {
  const { notes } = await trainNetwork(taskOf(network(), { epochs: 1, methods: [dpf({ ramp: 4 })] }));
  expect(notes).toMatchInlineSnapshot(`
    [
      "head_8 reads 9 of 32 units less; 16 were wanted.",
    ]
  `);
});

test('refuses word for word', () => {
  expect(() => dpf({ share: 1 })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method dpf do not fit: share 1 is not between 0 and 1.
      Next: Give a share such as 0.5.]
  `);
  expect(() => dpf({ every: 0.5 })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method dpf do not fit: every 0.5 is no number of steps.
      Next: Give a whole number such as 16.]
  `);
  expect(() => dpf({ ramp: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method dpf do not fit: ramp 0 is not above 0.
      Next: Give a number of epochs, or leave it out.]
  `);
  expect(() => dpf().prepare(network([]))).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8003: The method dpf has nothing to work on: the model has no hidden units or channels that only layers read.
      Next: Leave the method out, or choose one that fits the model.]
  `);
  expect(() => dpf({ structured: 'channels' }).prepare(network())).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8003: The method dpf has nothing to work on: the model has no hidden channels that only layers read.
      Next: Leave the method out, or choose one that fits the model.]
  `);
});
