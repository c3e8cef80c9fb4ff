import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { Checkpoint } from '../../../compiler/2-train/checkpoint.ts';
import { evaluate } from '../../../compiler/2-train/evaluate.ts';
import { crossEntropy } from '../../../compiler/2-train/losses.ts';
import type { Method, Preparation } from '../../../compiler/2-train/methods/method.ts';
import { sgd } from '../../../compiler/2-train/optimisers/index.ts';
import { Parameters } from '../../../compiler/2-train/parameters.ts';
import { makeRandom } from '../../../compiler/2-train/random.ts';
import { cosine } from '../../../compiler/2-train/schedules.ts';
import {
  type TrainedNetwork,
  type TrainingHooks,
  type TrainingTask,
  trainNetwork,
} from '../../../compiler/2-train/train-network.ts';
import type { DataSet } from '../../../compiler/data/data-set.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import { evaluateGraph } from '../../../compiler/ir/evaluate.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { makeMatrix } from '../../../compiler/linalg/matrix.ts';
import { svd } from '../../../compiler/linalg/svd.ts';
import { sizesOf } from '../../../compiler/tensor/shape.ts';
import { makeTensor, type Tensor } from '../../../compiler/tensor/tensor.ts';

/** The quadrant of two sums over all of `width` standard normal inputs; `image` has the sizes of one sample. */
export function quadrants(size: number, image: readonly number[], seed: number): DataSet {
  const width = image.reduce((product, n) => product * n, 1);
  const signs = makeRandom(99);
  const directions = [0, 1].map(() => Array.from({ length: width }, () => signs.normal()));
  const random = makeRandom(seed);
  const samples = Array.from({ length: size }, () => Float32Array.from({ length: width }, () => random.normal()));
  const values = Int32Array.from(samples, (x) => {
    const [a, b] = directions.map((d) => d.reduce((sum, v, i) => sum + v * x[i]!, 0));
    return (a! > 0 ? 1 : 0) + (b! > 0 ? 2 : 0);
  });
  return {
    name: 'quadrants',
    size,
    labels: { kind: 'class', values, width: 1 },
    feedsOf: (i) => ({ image: samples[i]! }),
    hashOf: String,
  };
}

const sampleSizes = (graph: Graph): number[] => sizesOf(graph.values.get(graph.inputs[0]!)!.type.shape).slice(1);

/** On the data that runs are validated on. */
export function accuracyOf(graph: Graph): Promise<number> {
  const parameters = new Parameters(graph);
  const data = quadrants(256, sampleSizes(graph), 2);
  return evaluate(graph, () => parameters.tensors, data, top1).finally(() => parameters.dispose());
}

/** A short run with momentum and weight decay. */
export function train(
  graph: Graph,
  methods: readonly Method[],
  changes: Partial<TrainingTask> = {},
  hooks: TrainingHooks = {},
): Promise<TrainedNetwork> {
  const image = sampleSizes(graph);
  return trainNetwork(
    {
      graph,
      train: quadrants(512, image, 1),
      validation: quadrants(256, image, 2),
      loss: crossEntropy(),
      output: 'logits',
      metric: top1,
      optimiser: sgd({ rate: 0.05, momentum: 0.9, weightDecay: 2e-3 }),
      schedule: cosine(),
      epochs: 4,
      batch: 32,
      seed: 1,
      augment: [],
      methods,
      clipNorm: undefined,
      patience: undefined,
      ...changes,
    },
    hooks,
  );
}

/** What a run leaves on the backend. */
export async function tensorsLeft(run: () => Promise<unknown>): Promise<number> {
  const before = tf.memory().numTensors;
  await run();
  return tf.memory().numTensors - before;
}

/** The last epoch again from the checkpoint before it. */
export async function resumed(graph: Graph, methods: () => readonly Method[], changes: Partial<TrainingTask> = {}) {
  const kept: Checkpoint[] = [];
  const whole = await train(graph, methods(), changes, { onCheckpoint: (checkpoint) => kept.push(checkpoint) });
  const again = await train(graph, methods(), changes, { from: kept.at(-2)! });
  expect(again.history.length).toBe(whole.history.length);
  return { whole, again };
}

/** Logits for a few standard normal inputs. */
export function logitsOf(graph: Graph): number[] {
  const random = makeRandom(7);
  return Array.from({ length: 5 }, () => {
    const feeds = graph.inputs.map((id): [string, Tensor] => {
      const { name, type } = graph.values.get(id)!;
      const count = sizesOf(type.shape).reduce((product, n) => product * n, 1);
      return [
        name,
        makeTensor(
          'float32',
          type.shape,
          Float32Array.from({ length: count }, () => random.normal()),
        ),
      ];
    });
    return Array.from(evaluateGraph(graph, new Map(feeds), 'float64').get('logits')!.data, Number);
  }).flat();
}

/** Largest difference of the logits over the largest logit. */
export function differenceOf(a: Graph, b: Graph): number {
  const [ours, theirs] = [logitsOf(a), logitsOf(b)];
  const largest = Math.max(...ours.map(Math.abs));
  expect(largest).toBeGreaterThan(1e-3);
  return Math.max(...ours.map((v, i) => Math.abs(v - theirs[i]!))) / largest;
}

/** Singular values of weights [N, ...], by their name. */
export function spectrumOf(graph: Graph, weights: string): Float64Array {
  const [, tensor] = [...graph.constants].find(([id]) => graph.values.get(id)!.name === weights)!;
  const rows = tensor.shape[0]!.size;
  return svd(makeMatrix(rows, tensor.data.length / rows, Float64Array.from(tensor.data, Number))).singular;
}

/** Share of the sum of squares in the first `count` singular values. */
export function energyShare(spectrum: Float64Array, count: number): number {
  const sum = (values: Float64Array): number => values.reduce((all, v) => all + v * v, 0);
  return sum(spectrum.subarray(0, count)) / sum(spectrum);
}

/** Sizes of the constants, by name. */
export const sizesByName = (graph: Graph): Record<string, readonly number[]> =>
  Object.fromEntries([...graph.constants].map(([id, { shape }]) => [graph.values.get(id)!.name, sizesOf(shape)]));

export const valuesByName = (graph: Graph): Record<string, number[]> =>
  Object.fromEntries(
    [...graph.constants].map(([id, { data }]) => [
      graph.values.get(id)!.name,
      Array.from<number | bigint, number>(data, Number),
    ]),
  );

/** Parameters of a prepared method while `use` works on them. */
export function withParameters<T>({ graph, roles }: Preparation, use: (parameters: Parameters) => T): T {
  const parameters = new Parameters(graph, roles);
  try {
    return use(parameters);
  } finally {
    parameters.dispose();
  }
}
