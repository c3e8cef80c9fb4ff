import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { meanSquaredError } from '../../../compiler/2-train/losses.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import type { Gradients, Method } from '../../../compiler/2-train/methods/method.ts';
import { type SamOptions, sam } from '../../../compiler/2-train/methods/sam.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { sgd } from '../../../compiler/2-train/optimisers/index.ts';
import { Parameters } from '../../../compiler/2-train/parameters.ts';
import { makeRandom } from '../../../compiler/2-train/random.ts';
import { trainNetwork } from '../../../compiler/2-train/train-network.ts';
import type { DataSet } from '../../../compiler/data/data-set.ts';
import { mse } from '../../../compiler/data/metrics/regression.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { graphOf } from '../../3-compress/pass-case.ts';
import { blobs, differenceOf, outputsOf, taskOf } from './small-task.ts';

beforeAll(async () => {
  await useWasm();
});

/** Gradients that `around` was given for, and at which values. */
async function ascend(options: SamOptions, gradients: (values: readonly number[]) => number[]) {
  const graph = models.mlp({ inputs: [1, 1, 2], hidden: [], classes: 2 })(1);
  const parameters = new Parameters(graph);
  const seen: number[][] = [];
  const flat = (): number[] => parameters.learnt.flatMap(({ values }) => [...values]);
  const before = flat();
  const found = await sam(options).prepare(graph).around!(parameters, async (): Promise<Gradients> => {
    seen.push(flat());
    const all = gradients(flat());
    let at = 0;
    return {
      loss: seen.length,
      of: parameters.learnt.map(({ values }) => Float32Array.from(values, () => all[at++]!)),
    };
  });
  const after = flat();
  parameters.dispose();
  return { before, seen, found, after };
}

describe('one step', () => {
  test('goes rho up the gradient, takes the gradient there, and comes back', async () => {
    const { before, seen, found, after } = await ascend({ rho: 0.1 }, (values) => values.map((v) => 2 * v + 1));
    const e = seen[1]!.map((v, i) => v - before[i]!);
    const g = before.map((v) => 2 * v + 1);
    const norm = Math.hypot(...g);
    expect(seen[0]).toEqual(before);
    e.forEach((v, i) => {
      expect(v).toBeCloseTo((0.1 * g[i]!) / norm, 6);
    });
    expect(found.loss).toBe(1);
    expect([...found.of.flatMap((of) => [...of!])]).toEqual(seen[1]!.map((v) => Math.fround(2 * v + 1)));
    expect(after).toEqual(before);
  });

  test('adaptive: weights by their own size, biases as they are', async () => {
    const { before, seen } = await ascend({ adaptive: true }, (values) => values.map(() => 1));
    const widths = before.map((v, i) => (i < 4 ? Math.abs(v) + 0.01 : 1));
    const norm = Math.hypot(...widths);
    seen[1]!.forEach((v, i) => {
      expect(v - before[i]!).toBeCloseTo((0.5 * widths[i]! ** 2) / norm, 6);
    });
  });

  test('without a direction there is one pass', async () => {
    expect((await ascend({}, (values) => values.map(() => 0))).seen.length).toBe(1);
  });
});

/** y = w2 w1 x, which starts at w1 = 4 and w2 = 1/4. All w2 w1 = 1 fit alike; the curvature there is w1^2 + w2^2. */
function twoFactors(): Graph {
  const builder = new GraphBuilder('factors');
  const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 1]) });
  const factor = (input: ValueId, value: number, name: string): ValueId =>
    builder.add('linear', [input, builder.constant(tensorOf('float32', [1, 1], [value]), name)]);
  builder.output('y', factor(factor(x, 4, 'w1'), 0.25, 'w2'));
  return builder.build();
}

function noisyLine(size: number): DataSet {
  const random = makeRandom(1);
  const xs = Array.from({ length: size }, () => Float32Array.of(random.normal()));
  const values = Float32Array.from(xs, ([x]) => x! + random.normal());
  return {
    name: 'line',
    size,
    labels: { kind: 'value', values, width: 1 },
    feedsOf: (i) => ({ x: xs[i]! }),
    hashOf: (i) => String(i),
  };
}

test('of all that fit alike it finds what curves less', async () => {
  const curvatureAfter = async (methods: readonly Method[]): Promise<number> => {
    const data = noisyLine(512);
    const changes = { train: data, validation: data, loss: meanSquaredError(), metric: mse };
    const optimiser = sgd({ rate: 0.01, momentum: 0 });
    const { graph } = await trainNetwork(
      taskOf(twoFactors(), { ...changes, output: 'y', optimiser, methods, epochs: 8 }),
    );
    const [w1, w2] = [...graph.constants.values()].map(({ data }) => Number(data[0]));
    expect(w1! * w2!).toBeCloseTo(1, 0);
    return w1! ** 2 + w2! ** 2;
  };
  const [plain, flat] = [await curvatureAfter([]), await curvatureAfter([sam({ rho: 0.5 })])];
  expect(flat).toBeLessThan(0.5 * plain);
});

test('running statistics follow one of the two passes', async () => {
  const graph = models.mlp({ inputs: [1, 8, 8], hidden: [16], classes: 4, batchNorm: true })(1);
  const once = { epochs: 1, train: blobs(32, 1) };
  const statisticsOf = ({ constants, values }: Graph): number[] =>
    [...constants].flatMap(([id, { data }]) =>
      /mean|variance/.test(values.get(id)!.name) ? Array.from(data, Number) : [],
    );
  const plain = await trainNetwork(taskOf(graph, once));
  const flat = await trainNetwork(taskOf(graph, { ...once, methods: [sam({ rho: 1 })] }));
  expect(statisticsOf(flat.graph)).toEqual(statisticsOf(plain.graph));
  expect(statisticsOf(flat.graph)).not.toEqual(statisticsOf(graph));
});

test('beside layer-collapse, and without tensors left behind', async () => {
  const graph = models.residualMlp({ inputs: [1, 8, 8], width: 16, blocks: 1, hidden: 16, classes: 4 })(1);
  const before = tf.memory().numTensors;
  const methods = [layerCollapse(), sam()];
  const { graph: finished, trained } = await trainNetwork(taskOf(graph, { epochs: 2, methods }));
  expect(tf.memory().numTensors).toBe(before);
  expect(differenceOf(outputsOf(finished), outputsOf(trained))).toBeLessThan(1e-4);
});

test('refuses word for word', () => {
  expect(() => sam({ rho: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method sam do not fit: rho 0 is not above 0.
      Next: Give a rho such as 0.05.]
  `);
  const pure = graphOf((g) => g.add('relu', [g.input([1, 4])]));
  expect(() => sam().prepare(pure)).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8003: The method sam has nothing to work on: the model has no weight that training moves.
      Next: Leave the method out, or choose one that fits the model.]
  `);
});
