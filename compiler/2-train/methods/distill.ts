import * as tf from '@tensorflow/tfjs';
import { bug } from '../../diagnostics/index.ts';
import { methodOptionsInvalid } from '../../diagnostics/train.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import { printType } from '../../tensor/tensor.ts';
import { type BatchFeeds, execute } from '../engine/execute.ts';
import { natural } from '../engine/held.ts';
import { toTensorFlow } from '../engine/tensors.ts';
import type { Method } from './method.ts';

/**
 * Distillation (Hinton, Vinyals and Dean, arXiv 1503.02531). To the loss of a batch comes
 *
 *     weight T^2 KL(softmax(t / T) || softmax(s / T)),
 *
 * the mean over its rows, s the network's answers and t the teacher's to the same inputs, augmented as they are. The teacher
 * stays as it is; its constants are on the backend as long as training runs.
 */
export interface DistillOptions {
  /** reads inputs of the network, by name */
  readonly teacher: Graph;
  /** the teacher's, as many values to a row as the output that labels are for; its first by default */
  readonly output?: string;
  readonly temperature?: number;
  /** of the term beside the loss */
  readonly weight?: number;
  /** factor of the loss that labels give, 1 by default; the paper's is 1 - weight */
  readonly labelShare?: number;
}

/** Learns from a teacher beside the labels (`DistillOptions`). @throws LccError LCC8007 */
export function distill(options: DistillOptions): Method {
  const { teacher, temperature = 2, weight = 0.5, labelShare = 1 } = options;
  requireAbove0('temperature', temperature, 2);
  requireAbove0('weight', weight, 0.5);
  if (!(labelShare >= 0)) throw refused(`labelShare ${labelShare} is below 0`, 'Give a labelShare such as 0.5.');
  const answer = teacher.outputs.find(({ name }) => options.output === undefined || name === options.output)?.value;
  if (answer === undefined) {
    const names = teacher.outputs.map(({ name }) => `"${name}"`).join(', ');
    throw refused(`the teacher has no output "${options.output}"`, `Name one of ${names}.`);
  }
  return {
    name: 'distill',
    settings: options,
    prepare(graph) {
      requireInputs(graph, teacher);
      let constants: ReadonlyMap<ValueId, tf.Tensor> | undefined;
      return {
        graph,
        lossShare: labelShare,
        begin() {
          constants = new Map([...teacher.constants].map(([id, tensor]) => [id, toTensorFlow(tensor)]));
        },
        penalty(_, { feeds, outputs }) {
          if (!constants) throw bug('a teacher without constants');
          const answers = answersOf(teacher, answer, feeds, constants);
          requireSameShape(answers, outputs);
          return tf.mul(divergence(answers, outputs, temperature), weight);
        },
        end() {
          tf.dispose([...(constants?.values() ?? [])]);
          constants = undefined;
        },
        finish: (trained) => ({ graph: trained, notes: [] }),
      };
    },
  };
}

const refused = (what: string, remedy: string) => methodOptionsInvalid('distill', what, remedy);

function requireAbove0(name: string, value: number, usual: number): void {
  if (!(value > 0 && Number.isFinite(value)))
    throw refused(`${name} ${value} is not above 0`, `Give a ${name} such as ${usual}.`);
}

/** What the teacher reads must be fed. */
function requireInputs(graph: Graph, teacher: Graph): void {
  const fed = new Map(graph.inputs.flatMap((id) => printedInput(graph, id)));
  for (const [name, type] of teacher.inputs.flatMap((id) => printedInput(teacher, id))) {
    const own = fed.get(name);
    if (own === type) continue;
    const what = own === undefined ? 'the model has no such input' : `the model's is ${own}`;
    const remedy = 'Give a teacher that reads inputs of the model, by the same names and in the same types.';
    throw refused(`the teacher reads "${name}" ${type}, and ${what}`, remedy);
  }
}

const printedInput = (graph: Graph, id: ValueId): [string, string][] => {
  const value = graph.values.get(id);
  return value ? [[value.name, printType(value.type)]] : [];
};

/** [rows, K], as the network's are. */
const answersOf = (
  teacher: Graph,
  answer: ValueId,
  feeds: BatchFeeds,
  constants: ReadonlyMap<ValueId, tf.Tensor>,
): tf.Tensor2D =>
  tf.tidy(() => {
    const held = execute(teacher, feeds, constants, { isTraining: false }).get(answer);
    if (!held) throw bug('a teacher without an answer');
    const whole = natural(held);
    return tf.reshape(whole, [-1, whole.shape.at(-1) ?? 1]);
  });

function requireSameShape(answers: tf.Tensor2D, outputs: tf.Tensor2D): void {
  if (answers.shape.join() === outputs.shape.join()) return;
  const print = ([rows, each]: readonly number[]): string => `${rows} rows of ${each}`;
  const what = `to a batch the teacher answers ${print(answers.shape)}, the model ${print(outputs.shape)}`;
  throw refused(what, 'Give a teacher of the same classes, or name its output that has them.');
}

/** T^2 sum of p (log p - log q), the mean over the rows. */
function divergence(teacher: tf.Tensor2D, student: tf.Tensor2D, temperature: number): tf.Scalar {
  const wanted = tf.logSoftmax(tf.div(teacher, temperature));
  const found = tf.logSoftmax(tf.div(student, temperature));
  const each = tf.sum(tf.mul(tf.exp(wanted), tf.sub(wanted, found)), -1);
  return tf.mul(tf.mean(each), temperature ** 2);
}
