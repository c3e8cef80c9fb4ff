import { crossEntropy } from '../../../compiler/2-train/losses.ts';
import { adam } from '../../../compiler/2-train/optimisers/index.ts';
import { makeRandom } from '../../../compiler/2-train/random.ts';
import { constantRate } from '../../../compiler/2-train/schedules.ts';
import type { TrainingTask } from '../../../compiler/2-train/train-network.ts';
import type { DataSet } from '../../../compiler/data/data-set.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import { evaluateGraph } from '../../../compiler/ir/evaluate.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { elementCount, sizesOf } from '../../../compiler/tensor/shape.ts';

/** Images [side, side] in four classes by the quarter in which a blob lies, under noise of that size. */
export function blobs(size: number, seed: number, side = 8, noise = 0.5): DataSet {
  const random = makeRandom(seed);
  const values = Int32Array.from({ length: size }, (_, i) => i % 4);
  const images = Array.from(values, (label) => {
    const [row, column] = [Math.floor(label / 2), label % 2].map(
      (half) => (half + random.uniform(0.2, 0.8)) * (side / 2),
    );
    return Float32Array.from({ length: side * side }, (_, i) => {
      const distance = (Math.floor(i / side) - row!) ** 2 + ((i % side) - column!) ** 2;
      return Math.exp(-distance / 2) + noise * random.normal();
    });
  });
  return {
    name: 'blobs',
    size,
    labels: { kind: 'class', values, width: 1 },
    feedsOf: (i) => ({ image: images[i]! }),
    hashOf: (i) => String(i),
  };
}

/** What such a run is measured on. */
export const validation = blobs(400, 2);

/** A training run on blobs of images 8 by 8. */
export const taskOf = (graph: Graph, changes: Partial<TrainingTask> = {}): TrainingTask => ({
  graph,
  train: blobs(384, 1),
  validation,
  loss: crossEntropy(),
  output: 'logits',
  metric: top1,
  optimiser: adam({ rate: 0.005 }),
  schedule: constantRate(),
  epochs: 4,
  batch: 32,
  seed: 1,
  augment: [],
  methods: [],
  clipNorm: undefined,
  patience: undefined,
  ...changes,
});

/** All outputs for some images of random pixels. */
export function outputsOf(graph: Graph): number[] {
  const random = makeRandom(9);
  return [1, 2, 3].flatMap(() => {
    const feeds = new Map(
      graph.inputs.map((id) => {
        const { name, type } = graph.values.get(id)!;
        const sizes = sizesOf(type.shape);
        return [
          name,
          tensorOf(
            type.dtype,
            sizes,
            Array.from({ length: elementCount(type.shape) }, () => random.normal()),
          ),
        ];
      }),
    );
    return [...evaluateGraph(graph, feeds, 'float64').values()].flatMap(({ data }) => Array.from(data, Number));
  });
}

/** Largest difference of two lists over the largest number of the second. */
export function differenceOf(actual: readonly number[], exact: readonly number[]): number {
  const most = (list: readonly number[]): number => Math.max(...list.map(Math.abs));
  return most(actual.map((v, i) => v - exact[i]!)) / most(exact);
}
