import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { distill } from '../../../compiler/2-train/methods/distill.ts';
import { layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { Parameters } from '../../../compiler/2-train/parameters.ts';
import { trainNetwork } from '../../../compiler/2-train/train-network.ts';
import { ignoredLabel } from '../../../compiler/data/data-set.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { blobs, differenceOf, outputsOf, taskOf } from './small-task.ts';

beforeAll(async () => {
  await useWasm();
});

const network = (hidden: number, seed = 1, classes = 4): Graph =>
  models.mlp({ inputs: [1, 8, 8], hidden: [hidden], classes })(seed);

test('the term is weight T^2 KL of the softened answers', () => {
  const teacher = models.mlp({ inputs: [1, 1, 3], hidden: [], classes: 3 })(1);
  const held = tf.memory().numTensors;
  const parameters = new Parameters(teacher);
  const preparation = distill({ teacher, temperature: 3, weight: 0.25 }).prepare(teacher);
  preparation.begin!(parameters, 0, 1);
  const [x, s] = [
    [0.5, -1, 2],
    [1, 0, -1],
  ];
  const found = tf.tidy(() => {
    const batch = {
      feeds: { image: tf.tensor(x!, [1, 1, 1, 1, 3]) },
      own: new Map(),
      outputs: tf.tensor2d([s!]),
      labels: tf.tensor1d([0]),
    };
    return preparation.penalty!(parameters, batch).dataSync()[0]!;
  });
  const [w] = [...teacher.constants.values()].filter(({ shape }) => shape.length === 2);
  const answers = [0, 1, 2].map((n) => x!.reduce((sum, v, k) => sum + v * Number(w!.data[3 * n + k]), 0));
  const soften = (list: readonly number[]): number[] => {
    const e = list.map((v) => Math.exp(v / 3));
    return e.map((v) => v / e.reduce((a, b) => a + b));
  };
  const [p, q] = [soften(answers), soften(s!)];
  const kl = p.reduce((sum, v, i) => sum + v * Math.log(v / q[i]!), 0);
  expect(found).toBeCloseTo(0.25 * 9 * kl, 5);
  preparation.end!();
  parameters.dispose();
  expect(tf.memory().numTensors).toBe(held);
});

test('with few labels a network learns more from a teacher too, and nothing is left on the backend', async () => {
  const { graph: teacher } = await trainNetwork(taskOf(network(48), { epochs: 6 }));
  const all = blobs(384, 5);
  const labels = Int32Array.from(all.labels!.values, (label, i) => (i < 64 ? label : ignoredLabel));
  const train = { ...all, labels: { kind: 'class' as const, values: labels, width: 1 } };
  const before = tf.memory().numTensors;
  const alone = await trainNetwork(taskOf(network(12), { train }));
  const taught = await trainNetwork(taskOf(network(12), { train, methods: [distill({ teacher, weight: 1 })] }));
  expect(tf.memory().numTensors).toBe(before);
  const accuracyOf = ({ history }: typeof alone): number => history.at(-1)!.validation;
  expect(accuracyOf(taught)).toBeGreaterThan(accuracyOf(alone) + 0.05);
  expect(taught.graph).toBe(taught.trained);
});

test('beside layer-collapse the student is what comes out', async () => {
  const student = models.residualMlp({ inputs: [1, 8, 8], width: 16, blocks: 1, hidden: 16, classes: 4 })(1);
  const methods = [layerCollapse(), distill({ teacher: network(8) })];
  const { graph, trained } = await trainNetwork(taskOf(student, { epochs: 2, methods }));
  expect(differenceOf(outputsOf(graph), outputsOf(trained))).toBeLessThan(1e-4);
});

test('refuses word for word', async () => {
  const teacher = network(4);
  expect(() => distill({ teacher, temperature: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method distill do not fit: temperature 0 is not above 0.
      Next: Give a temperature such as 2.]
  `);
  expect(() => distill({ teacher, weight: -1 })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method distill do not fit: weight -1 is not above 0.
      Next: Give a weight such as 0.5.]
  `);
  expect(() => distill({ teacher, output: 'scores' })).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method distill do not fit: the teacher has no output "scores".
      Next: Name one of "logits".]
  `);
  const other = models.mlp({ inputs: [3, 8, 8], hidden: [4], classes: 4 })(1);
  expect(() => distill({ teacher: other }).prepare(teacher)).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method distill do not fit: the teacher reads "image" float32[1,3,8,8], and the model's is float32[1,1,8,8].
      Next: Give a teacher that reads inputs of the model, by the same names and in the same types.]
  `);
  const tokens = models.meanEmbedding({ vocabulary: 8, length: 4, classes: 4 })(1);
  expect(() => distill({ teacher: tokens }).prepare(teacher)).toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method distill do not fit: the teacher reads "tokens" int32[1,4], and the model has no such input.
      Next: Give a teacher that reads inputs of the model, by the same names and in the same types.]
  `);
  const methods = [distill({ teacher: network(4, 1, 5) })];
  await expect(trainNetwork(taskOf(teacher, { methods }))).rejects.toThrowErrorMatchingInlineSnapshot(`
    [LccError: LCC8007: The options of the method distill do not fit: to a batch the teacher answers 32 rows of 5, the model 32 rows of 4.
      Next: Give a teacher of the same classes, or name its output that has them.]
  `);
});
