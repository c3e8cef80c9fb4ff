import * as tf from '@tensorflow/tfjs';
import { chooseBackend } from './2-train/engine/choose-backend.ts';
import { crossEntropy, type Loss, meanSquaredError } from './2-train/losses.ts';
import { adam } from './2-train/optimisers/index.ts';
import { cosine } from './2-train/schedules.ts';
import { trainNetwork } from './2-train/train-network.ts';
import { type DataSet, ignoredLabel } from './data/data-set.ts';
import { mse } from './data/metrics/regression.ts';
import type { FinetuneOptions } from './ir/bundle.ts';
import type { Graph, Node, Value } from './ir/graph.ts';
import type { Feeds } from './ir/trial.ts';
import { dropUnused } from './rewrite/rebuild.ts';
import { elementCount, shapeOf } from './tensor/shape.ts';
import { makeTensor, type Tensor } from './tensor/tensor.ts';
import { makeRunner } from './trial/make-runner.ts';

export interface FinetuneTask extends FinetuneOptions {
  readonly original: Graph;
  /** inputs that the original answers */
  readonly samples: readonly Feeds[];
  /** the class of each, where it is known, in the first output */
  readonly labels?: Int32Array | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
}

const defaults = { epochs: 1, rate: 3e-4, batch: 32 };
/** Name of the one output that training sees. */
const joined = 'all outputs, standardised';

/**
 * Trains a compressed network to answer as the original does (distillation by outputs, Ba and Caruana 2014): the mean
 * squared difference of all float outputs, each over its deviation between inputs, and where there are labels the
 * cross-entropy of the first output. Its graph keeps its form.
 */
export async function finetune(compressed: Graph, task: FinetuneTask): Promise<Graph> {
  const { original, samples, labels, epochs = defaults.epochs, rate = defaults.rate } = task;
  await chooseBackend();
  const answers = answersOf(original, samples);
  if (answers.length === 0) return compressed;
  const { trained } = await trainNetwork(
    {
      graph: withJoinedOutput(compressed, answers),
      train: answered(samples, answers, labels),
      validation: undefined,
      loss: labels ? withLabels(answers) : meanSquaredError(),
      output: joined,
      metric: mse,
      optimiser: adam({ rate }),
      schedule: cosine(),
      epochs,
      batch: Math.min(defaults.batch, samples.length),
      seed: 1,
      augment: [],
      methods: [],
      clipNorm: 1,
      patience: undefined,
    },
    {
      onEpoch: ({ epoch, loss }) =>
        task.onProgress?.(`fine-tune: epoch ${epoch} of ${epochs}, loss ${loss.toFixed(5)}`),
    },
  );
  return dropUnused({ ...trained, outputs: compressed.outputs });
}

/** What one output of the original is for every sample, standardised by one mean deviation. */
interface Answer {
  readonly name: string;
  readonly scale: number;
  readonly values: readonly Float32Array[];
}

function answersOf(original: Graph, samples: readonly Feeds[]): Answer[] {
  const runner = makeRunner(original);
  const results = samples.map((feeds) => runner.run(feeds));
  return original.outputs.flatMap(({ name, value }) => {
    if (original.values.get(value)?.type.dtype !== 'float32') return [];
    const values = results.map((result) => Float32Array.from(result[name] ?? [], Number));
    const deviation = deviationOf(values);
    if (!(deviation > 0)) return [];
    const scale = 1 / deviation;
    return [{ name, scale, values: values.map((one) => one.map((v) => v * scale)) }];
  });
}

/** Root mean square over samples and elements of the difference from each element's mean. */
function deviationOf(values: readonly Float32Array[]): number {
  const width = values[0]?.length ?? 0;
  let sum = 0;
  for (let i = 0; i < width; i++) {
    const mean = values.reduce((all, one) => all + (one[i] ?? 0), 0) / values.length;
    sum += values.reduce((all, one) => all + ((one[i] ?? 0) - mean) ** 2, 0);
  }
  return Math.sqrt(sum / Math.max(1, width * values.length));
}

/** A row of answers for each sample, and its class behind them where that is known. */
function answered(samples: readonly Feeds[], answers: readonly Answer[], classes: Int32Array | undefined): DataSet {
  const width = elementsOf(answers) + (classes ? 1 : 0);
  const values = new Float32Array(width * samples.length);
  samples.forEach((_, i) => {
    let at = i * width;
    for (const answer of answers) {
      values.set(answer.values[i] ?? [], at);
      at += answer.values[i]?.length ?? 0;
    }
    if (classes) values[at] = classes[i] ?? ignoredLabel;
  });
  return {
    name: 'calibration',
    size: samples.length,
    labels: { kind: 'value', values, width },
    feedsOf: (i) => samples[i] ?? {},
    hashOf: String,
  };
}

const elementsOf = (answers: readonly Answer[]): number =>
  answers.reduce((sum, { values }) => sum + (values[0]?.length ?? 0), 0);

/** What labels count beside the answers. */
const shareOfLabels = 0.5;

/** Squared error of the answers, and the cross-entropy of the first output, whose elements are classes. */
function withLabels(answers: readonly Answer[]): Loss {
  const [first] = answers;
  const classes = first?.values[0]?.length ?? 0;
  const all = elementsOf(answers);
  const entropy = crossEntropy();
  return {
    name: 'answers and labels',
    labels: 'value',
    of(outputs, labels) {
      const rows = tf.reshape(labels, [-1, all + 1]);
      const wanted = tf.slice(rows, [0, 0], [-1, all]);
      const known = tf.cast(tf.reshape(tf.slice(rows, [0, all], [-1, 1]), [-1]), 'int32');
      const logits = tf.div(tf.slice(outputs, [0, 0], [-1, classes]), first?.scale ?? 1) as tf.Tensor2D;
      const own = tf.mul(entropy.of(logits, known), shareOfLabels);
      return tf.add(meanSquaredError().of(outputs, wanted), own);
    },
  };
}

/** The graph with those of its outputs as one more, [1, elements], each times its scale. */
function withJoinedOutput(graph: Graph, answers: readonly Answer[]): Graph {
  let next = 1 + Math.max(0, ...graph.values.keys());
  const values = new Map<number, Value>(graph.values);
  const constants = new Map<number, Tensor>(graph.constants);
  const nodes: Node[] = [...graph.nodes];
  const add = (op: Node['op'], inputs: readonly number[], attributes: Node['attributes'], width: number): number => {
    const id = next++;
    values.set(id, { id, name: `${joined} ${id}`, type: { dtype: 'float32', shape: shapeOf([1, width]) } });
    nodes.push({ op, name: `${joined} ${id}`, attributes, inputs, outputs: [id] });
    return id;
  };
  const rows = answers.flatMap(({ name, scale }) => {
    const output = graph.outputs.find((one) => one.name === name)?.value;
    const shape = output === undefined ? undefined : graph.values.get(output)?.type.shape;
    if (output === undefined || !shape) return [];
    const width = elementCount(shape);
    const flat = add('reshape', [output], { shape: [1, width] }, width);
    const factor = next++;
    values.set(factor, { id: factor, name: `scale of ${name}`, type: { dtype: 'float32', shape: shapeOf([1]) } });
    constants.set(factor, makeTensor('float32', shapeOf([1]), Float32Array.of(scale)));
    return [{ id: add('mul', [flat, factor], {}, width), width }];
  });
  const all = rows.reduce((sum, { width }) => sum + width, 0);
  const value = add(
    'concat',
    rows.map(({ id }) => id),
    { axis: 1 },
    all,
  );
  return { ...graph, values, constants, nodes, outputs: [...graph.outputs, { name: joined, value }] };
}
