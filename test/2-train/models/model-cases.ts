import type { MakeModel } from '../../../compiler/2-train/models/index.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { evaluateGraph } from '../../../compiler/ir/evaluate.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { elementCount, sizesOf } from '../../../compiler/tensor/shape.ts';
import { makeTensor, type Tensor } from '../../../compiler/tensor/tensor.ts';
import { makeRandom } from '../../harness/random.ts';

/** A builder with small options, so that all of its code and none of its patience is used. */
export interface ModelCase {
  readonly name: keyof typeof models;
  readonly of: string;
  readonly make: MakeModel;
  /** of the tokens that feeds hold */
  readonly vocabulary: number;
  /** of `logits` */
  readonly sizes: readonly number[];
}

const image = (name: keyof typeof models, of: string, make: MakeModel, classes: number): ModelCase => ({
  name,
  of,
  make,
  vocabulary: 0,
  sizes: [1, classes],
});

const text = { vocabulary: 11, length: 6 };
const encoder = { ...text, width: 8, depth: 2, heads: 2, hidden: 12 };

const classifier = (name: keyof typeof models, of: string, make: MakeModel, classes: number): ModelCase => ({
  ...image(name, of, make, classes),
  vocabulary: text.vocabulary,
});

const language = (of: string, make: MakeModel): ModelCase => ({
  ...classifier('gpt', of, make, 0),
  sizes: [1, text.length, text.vocabulary],
});

export const modelCases: readonly ModelCase[] = [
  image('mlp', 'an image', models.mlp({ inputs: [2, 3, 4], hidden: [7, 5], classes: 3 }), 3),
  image('mlp', 'numbers, no hidden layer', models.mlp({ inputs: 9, hidden: [], classes: 4 }), 4),
  ...(['leakyRelu', 'prelu', 'elu', 'gelu', 'silu', 'tanh'] as const).map((activation) =>
    image('mlp', activation, models.mlp({ inputs: 9, hidden: [6], classes: 4, activation, batchNorm: true }), 4),
  ),
  image('residualMlp', 'prelu', models.residualMlp({ inputs: 9, width: 6, blocks: 3, hidden: 8, classes: 4 }), 4),
  image(
    'residualMlp',
    'an image, gelu',
    models.residualMlp({ inputs: [1, 3, 3], width: 6, blocks: 2, hidden: 8, classes: 4, activation: 'gelu' }),
    4,
  ),
  image('cnn', 'odd sizes', models.cnn({ inputs: [2, 9, 7], channels: [3, 5], dense: [6], classes: 4 }), 4),
  image(
    'cnn',
    'batchNorm, kernel 5, no dense layer',
    models.cnn({ inputs: [1, 8, 8], channels: [4], kernel: 5, dense: [], classes: 3, batchNorm: true }),
    3,
  ),
  image('resNet', 'odd sizes', models.resNet({ inputs: [3, 9, 7], channels: [4, 4, 8], blocks: 2, classes: 5 }), 5),
  image(
    'vit',
    '',
    models.vit({ inputs: [3, 8, 4], patch: 2, width: 8, depth: 2, heads: 2, hidden: 12, classes: 5 }),
    5,
  ),
  image(
    'mixer',
    '',
    models.mixer({ inputs: [3, 8, 4], patch: 2, width: 6, depth: 2, tokenHidden: 5, channelHidden: 9, classes: 5 }),
    5,
  ),
  classifier('meanEmbedding', 'no blocks', models.meanEmbedding({ ...text, width: 8, classes: 3 }), 3),
  classifier('meanEmbedding', '2 blocks', models.meanEmbedding({ ...text, width: 8, blocks: 2, classes: 3 }), 3),
  classifier('meanEmbedding', 'padding 4', models.meanEmbedding({ ...text, width: 8, classes: 3, padding: 4 }), 3),
  classifier('bert', 'post, mean', models.bert({ ...encoder, classes: 3 }), 3),
  classifier('bert', 'post, first', models.bert({ ...encoder, classes: 3, pooling: 'first' }), 3),
  classifier('bert', 'pre, mean', models.bert({ ...encoder, classes: 3, norm: 'pre' }), 3),
  classifier('bert', 'pre, first', models.bert({ ...encoder, classes: 3, norm: 'pre', pooling: 'first' }), 3),
  language('tied', models.gpt(encoder)),
  language('untied', models.gpt({ ...encoder, tied: false })),
];

/** Values of the graph's one input: images in [-1, 1), or any tokens of the vocabulary. */
export function randomFeed(graph: Graph, vocabulary: number, seed: number): [name: string, values: Tensor] {
  const value = graph.values.get(graph.inputs[0]!)!;
  const random = makeRandom(seed);
  const { dtype, shape } = value.type;
  const data =
    dtype === 'float32'
      ? random.reals(elementCount(shape))
      : Int32Array.from({ length: elementCount(shape) }, () => random.int(0, vocabulary - 1));
  return [value.name, makeTensor(dtype, shape, data)];
}

/** `logits`, and their sizes. */
export function logitsOf(graph: Graph, feed: [string, Tensor]): { sizes: number[]; logits: number[] } {
  const { type, data } = evaluateGraph(graph, new Map([feed]), 'float64').get('logits')!;
  return { sizes: sizesOf(type.shape), logits: Array.from(data, Number) };
}

/** Largest difference over the largest value wanted. */
export function relativeDifference(found: ArrayLike<number>, wanted: readonly number[]): number {
  const scale = Math.max(...wanted.map(Math.abs));
  if (found.length !== wanted.length || scale === 0) return Infinity;
  return Math.max(...wanted.map((value, i) => Math.abs((found[i] ?? Number.NaN) - value))) / scale;
}
