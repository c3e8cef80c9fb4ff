import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../compiler/2-train/checkpoint.ts';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { evaluateGraph } from '../../../compiler/2-train/evaluate.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import type { Method } from '../../../compiler/2-train/methods/method.ts';
import { type QatOptions, qat } from '../../../compiler/2-train/methods/qat.ts';
import type { WeightForm } from '../../../compiler/2-train/methods/weight-rounding.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { adam } from '../../../compiler/2-train/optimisers/index.ts';
import { trainNetwork } from '../../../compiler/2-train/train-network.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import { evaluateGraph as evaluateOnce } from '../../../compiler/ir/evaluate.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { codesOfRange } from '../../../compiler/rewrite/quantize-layer.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { groupByChannel, groupByInputs } from '../../../compiler/tensor/groups.ts';
import { storePalette } from '../../../compiler/tensor/palette.ts';
import { storeInteger } from '../../../compiler/tensor/stored.ts';
import type { Tensor } from '../../../compiler/tensor/tensor.ts';
import { graphOf } from '../../3-compress/pass-case.ts';
import { differenceOf, outputsOf, taskOf, validation } from './small-task.ts';

beforeAll(async () => {
  await useWasm();
});

const network = (hidden: readonly number[] = [20]): Graph => models.mlp({ inputs: [1, 8, 8], hidden, classes: 4 })(1);

const store = (form: WeightForm, tensor: Tensor): Tensor => {
  if (form === 'int8') return storeInteger(tensor, 8, groupByChannel(tensor.shape));
  if (form === 'int4') return storeInteger(tensor, 4, groupByInputs(tensor.shape, 32));
  if (form === 'int4 by output') return storeInteger(tensor, 4, groupByChannel(tensor.shape));
  return storePalette(tensor, Number(form.slice('palette of '.length)));
};

/** All weights [N, C, ...] of at least 64 elements stored that way. */
const stored = (form: WeightForm, graph: Graph): Graph => ({
  ...graph,
  constants: new Map(
    [...graph.constants].map(([id, tensor]) => [
      id,
      tensor.shape.length > 1 && tensor.data.length >= 64 ? store(form, tensor) : tensor,
    ]),
  ),
});

const accuracyOf = (graph: Graph): Promise<number> => evaluateGraph(graph, validation, top1, 'logits');

const dataOf = ({ constants }: Graph): number[][] =>
  [...constants.values()].map(({ data }) => Array.from(data, Number));

describe.each<WeightForm>(['int8', 'int4', 'int4 by output', 'palette of 4', 'palette of 16'])('%s', (form) => {
  test('what comes out is what the network saw: storing it changes nothing, training changed it', async () => {
    const before = tf.memory().numTensors;
    const run = await trainNetwork(taskOf(network(), { epochs: 2, methods: [qat({ weights: form })] }));
    expect(tf.memory().numTensors).toBe(before);
    expect(dataOf(stored(form, run.graph))).toEqual(dataOf(run.graph));
    expect(dataOf(run.graph)).toEqual(dataOf(stored(form, run.trained)));
    expect(dataOf(run.graph)).not.toEqual(dataOf(run.trained));
    expect(await accuracyOf(run.graph)).toBeCloseTo(run.history.at(-1)!.validation, 6);
  });

  test('convolutions and tables of rows alike', async () => {
    const cnn = models.cnn({ inputs: [1, 8, 8], channels: [8, 8], dense: [], classes: 4 })(1);
    const { graph } = await trainNetwork(taskOf(cnn, { epochs: 1, methods: [qat({ weights: form })] }));
    expect(dataOf(stored(form, graph))).toEqual(dataOf(graph));
    const bert = models.meanEmbedding({ vocabulary: 40, length: 4, width: 36, classes: 4 })(1);
    const finished = qat({ weights: form }).prepare(bert).finish(bert).graph;
    expect(dataOf(stored(form, finished))).toEqual(dataOf(finished));
    expect(dataOf(finished)).not.toEqual(dataOf(bert));
  });
});

test('one bit costs less than without it', async () => {
  const form = 'palette of 2';
  const plain = await trainNetwork(taskOf(network([20, 20]), { epochs: 6 }));
  const aware = await trainNetwork(taskOf(network([20, 20]), { epochs: 6, methods: [qat({ weights: form })] }));
  const [without, withIt] = [await accuracyOf(stored(form, plain.graph)), await accuracyOf(stored(form, aware.graph))];
  expect(withIt).toBeGreaterThan(without + 0.05);
});

test('a run that goes on from a checkpoint ends where one that never stopped does', async () => {
  const checkpoints: Checkpoint[] = [];
  const task = taskOf(network(), { methods: [qat({ weights: 'palette of 8', activations: true })] });
  const whole = await trainNetwork(task, { onCheckpoint: (one) => checkpoints.push(one) });
  const rest = await trainNetwork(task, { from: checkpoints[1] });
  expect(dataOf(rest.graph)).toEqual(dataOf(whole.graph));
});

test('with the best epoch kept, its palettes are the ones that come out', async () => {
  const methods = [qat({ weights: 'palette of 4' })];
  const { graph, history } = await trainNetwork(
    taskOf(network(), { epochs: 8, patience: 8, optimiser: adam({ rate: 0.03 }), methods }),
  );
  const best = Math.max(...history.map(({ validation }) => validation));
  expect(best).toBeGreaterThan(history.at(-1)!.validation);
  expect(await accuracyOf(graph)).toBeCloseTo(best, 6);
});

describe('activations', () => {
  const coded = async (options: QatOptions, more: readonly Method[] = []) =>
    trainNetwork(taskOf(network([20, 20]), { epochs: 2, methods: [...more, qat(options)] }));

  test('layers read codes of the range that they saw; nothing of that comes out', async () => {
    const before = tf.memory().numTensors;
    const { graph, trained, history } = await coded({ activations: true });
    expect(tf.memory().numTensors).toBe(before);
    expect(graph.nodes.map(({ op }) => op)).toEqual(network([20, 20]).nodes.map(({ op }) => op));
    const [low, high] = ['low', 'high'].map((end) => {
      // the input of the first layer
      const { name } = trained.values.get(trained.nodes.find(({ op }) => op === 'reshape')!.outputs[0]!)!;
      const [id] = [...trained.constants.keys()].filter(
        (one) => trained.values.get(one)!.name === `${name}.codes.${end}`,
      );
      return Number(trained.constants.get(id!)!.data[0]);
    });
    // pixels of blobs under noise
    expect(low).toBeLessThan(-1.2);
    expect(low).toBeGreaterThan(-2.8);
    expect(high).toBeGreaterThan(2);
    expect(high).toBeLessThan(3.8);
    expect(history.at(-1)!.validation).toBeGreaterThan(0.6);
  });

  test('are rounded as integer layers round them', () => {
    const graph = graphOf((g) => g.add('linear', [g.input([1, 16]), g.constant([8, 16])]));
    const prepared = qat({ activations: true }).prepare(graph).graph;
    const range = { min: -1.5, max: 4 };
    const constants = new Map(
      [...prepared.constants].map(([id, tensor]) => {
        const name = prepared.values.get(id)!.name;
        const end = name.endsWith('.low') ? range.min : name.endsWith('.high') ? range.max : undefined;
        return [id, end === undefined ? tensor : tensorOf('float32', [1], [end])];
      }),
    );
    const seen = prepared.nodes.find(({ name }) => name.endsWith('.seen'))!.outputs[0]!;
    const xs = Array.from({ length: 16 }, (_, i) => -2 + i * 0.437);
    const shown = { ...prepared, constants, outputs: [{ name: 'seen', value: seen }] };
    const found = evaluateOnce(shown, new Map([['x0', tensorOf('float32', [1, 16], xs)]]), 'float32').get('seen')!;
    const { scale, zero } = codesOfRange(range);
    xs.forEach((x, i) => {
      const code = Math.max(0, Math.min(127, Math.round(Math.fround(x) / scale) + zero));
      expect(Number(found.data[i])).toBeCloseTo((code - zero) * scale, 5);
    });
  });

  test('behind layer-collapse, whose blocks are still merged', async () => {
    const { graph } = await coded({ activations: true }, [layerCollapse({ strength: 100 })]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['reshape', 'linear', 'linear', 'linear']);
    expect(dataOf(stored('int8', graph))).toEqual(dataOf(graph));
  });
});

test('without activations the graph that comes out agrees with the rounded one', async () => {
  const { graph, trained } = await trainNetwork(taskOf(network(), { epochs: 1, methods: [qat({ weights: 'int4' })] }));
  expect(differenceOf(outputsOf(graph), outputsOf(stored('int4', trained)))).toBeLessThan(1e-6);
});

test('refuses word for word', () => {
  expect(() => qat({ weights: 'palette of 5' })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method qat do not fit: weights cannot be stored as "palette of 5".
      Next: Give int8, int4, int4 by output, or a palette of 2, 4, 8, 16, 32, 64, 128 or 256.]
  `);
  expect(() => qat({ weights: 'int3' as WeightForm })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method qat do not fit: weights cannot be stored as "int3".
      Next: Give int8, int4, int4 by output, or a palette of 2, 4, 8, 16, 32, 64, 128 or 256.]
  `);
  const small = models.mlp({ inputs: [1, 1, 2], hidden: [], classes: 2 })(1);
  expect(() => qat().prepare(small)).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8003: The method qat has nothing to work on: the model has no weights of 64 elements or more in a layer or table.
      Next: Leave the method out, or choose one that fits the model.]
  `);
});
