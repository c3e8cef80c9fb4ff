import * as tf from '@tensorflow/tfjs';
import { bug } from '../diagnostics/index.ts';
import { lossNotFinite } from '../diagnostics/train.ts';
import type { ValueId } from '../ir/graph.ts';
import { execute, type OwnConstants } from './engine/execute.ts';
import { natural } from './engine/held.ts';
import type { Gradients, Preparation, Seen } from './methods/method.ts';
import type { Update } from './optimisers/index.ts';
import type { Parameters } from './parameters.ts';
import type { Random } from './random.ts';
import type { TrainingTask } from './train-network.ts';
import type { Batch } from './training-data.ts';

/** Share of one batch in a running mean or variance. */
const shareOfBatch = 0.1;

/** A batch, and what methods drew for each of its samples. */
interface Drawn extends Batch {
  readonly own: OwnConstants;
}

/** Moves the parameters of a network down the gradient, batch by batch, as its methods let it. */
export class Descent {
  /** of the optimiser, in the order of `parameters.learnt` */
  readonly updates: readonly Update[];
  readonly #task: Pick<TrainingTask, 'loss' | 'output' | 'clipNorm'>;
  readonly #parameters: Parameters;
  readonly #methods: readonly Preparation[];
  readonly #random: Random;

  constructor(task: TrainingTask, parameters: Parameters, methods: readonly Preparation[], random: Random) {
    this.#task = task;
    this.#parameters = parameters;
    this.#methods = methods;
    this.#random = random;
    this.updates = parameters.learnt.map(({ name, values, decays }) =>
      task.optimiser.start({ name, size: values.length, decays }),
    );
  }

  /** One step down the gradient; the loss before it. Frees the batch. */
  async step(batch: Batch, rate: number, done: number): Promise<number> {
    const own = this.#draw(batch);
    try {
      return await this.#descend({ ...batch, own }, rate, done);
    } finally {
      tf.dispose([...Object.values(batch.feeds), batch.labels, ...own.values()]);
    }
  }

  /** What each sample has of its own; the caller frees it. */
  #draw({ feeds }: Batch): OwnConstants {
    for (const method of this.#methods) method.draw?.(this.#parameters, this.#random);
    const count = Object.values(feeds)[0]?.shape[0] ?? 0;
    const drawn = this.#methods.map((method) => method.drawEach?.(this.#parameters, count, this.#random));
    return new Map(drawn.flatMap((own) => [...(own ?? [])]));
  }

  async #descend(batch: Drawn, rate: number, done: number): Promise<number> {
    const parameters = this.#parameters;
    const plain = (): Promise<Gradients> => this.#gradients(batch);
    const compute = this.#methods.reduce<() => Promise<Gradients>>(
      (inner, method) => (method.around ? () => method.around?.(parameters, inner) ?? inner() : inner),
      plain,
    );
    const { loss, of: gradients } = await compute();
    if (!Number.isFinite(loss)) throw lossNotFinite(done + 1, rate, loss, await this.#firstNotFinite(batch));
    for (const method of this.#methods) await method.look?.(parameters, batch);
    const scale = this.#clip(gradients);
    parameters.learnt.forEach((parameter, i) => {
      const gradient = gradients[i];
      if (!gradient) return;
      if (scale !== 1) for (let j = 0; j < gradient.length; j++) gradient[j] = (gradient[j] ?? 0) * scale;
      this.updates[i]?.step(parameter.values, gradient, rate);
      parameters.update(parameter);
    });
    for (const method of this.#methods) method.afterStep?.(parameters, rate);
    return loss;
  }

  /** Loss and gradients of a batch at the parameters as they are; statistics follow the batch. */
  async #gradients(batch: Drawn): Promise<Gradients> {
    const { learnt, statistics } = this.#parameters;
    const seen = new Map<ValueId, tf.Tensor>();
    const onStatistics = (id: ValueId, ofBatch: tf.Tensor): void => {
      seen.set(id, tf.keep(ofBatch));
    };
    const variables = learnt.map(({ variable }) => variable);
    const { value, grads } = tf.variableGrads(() => this.#loss(batch, onStatistics), variables);
    const [loss = Number.NaN] = await value.data();
    const of = await Promise.all(variables.map(async ({ name }) => (await grads[name]?.data<'float32'>())?.slice()));
    for (const { id, values, shape } of statistics) {
      const ofBatch = await seen.get(id)?.data();
      if (!ofBatch) continue;
      values.forEach((old, i) => {
        values[i] = (1 - shareOfBatch) * old + shareOfBatch * (ofBatch[i] ?? 0);
      });
      this.#parameters.replace(id, values, shape);
    }
    tf.dispose([value, ...Object.values(grads), ...seen.values()]);
    return { loss, of };
  }

  #loss({ feeds, labels, own }: Drawn, onStatistics: (id: ValueId, ofBatch: tf.Tensor) => void): tf.Scalar {
    const { loss } = this.#task;
    const { graph } = this.#parameters;
    const values = execute(graph, feeds, this.seen(), { isTraining: true, onStatistics }, own);
    const id = graph.outputs.find(({ name }) => name === this.#task.output)?.value;
    const held = id === undefined ? undefined : values.get(id);
    if (!held) throw bug(`no output "${this.#task.output}"`);
    const whole = natural(held);
    const outputs = tf.reshape(whole, [-1, whole.shape.at(-1) ?? 1]) as tf.Tensor2D;
    const answered = { feeds, own, outputs, labels };
    const penalties = this.#methods.flatMap((method) => method.penalty?.(this.#parameters, answered) ?? []);
    const share = this.#methods.reduce((product, { lossShare = 1 }) => product * lossShare, 1);
    const ofLabels = share === 1 ? loss.of(outputs, labels) : tf.mul(loss.of(outputs, labels), share);
    return tf.addN([ofLabels, ...penalties]) as tf.Scalar;
  }

  /** Constants as methods let the network see them. */
  seen(): ReadonlyMap<ValueId, tf.Tensor> {
    const { tensors, learnt } = this.#parameters;
    const seers = this.#methods.flatMap((method) => method.see ?? []);
    if (seers.length === 0) return tensors;
    const seen = new Map(tensors);
    for (const { id, name, variable, values } of learnt) {
      const whole: Seen = { tensor: variable, values: () => values };
      seen.set(id, seers.reduce((one, see) => see(name, one), whole).tensor);
    }
    return seen;
  }

  /** 1, or what brings the norm of all gradients down to the largest allowed. */
  #clip(gradients: readonly (ArrayLike<number> | undefined)[]): number {
    const { clipNorm } = this.#task;
    if (clipNorm === undefined) return 1;
    let sum = 0;
    for (const gradient of gradients)
      for (let i = 0; i < (gradient?.length ?? 0); i++) sum += (gradient?.[i] ?? 0) ** 2;
    return Math.min(1, clipNorm / Math.max(Number.MIN_VALUE, Math.sqrt(sum)));
  }

  /** The first node whose values are no numbers, by its name. */
  async #firstNotFinite({ feeds, own }: Drawn): Promise<string> {
    const { graph, tensors, learnt } = this.#parameters;
    for (const [name, feed] of Object.entries(feeds)) if (!(await hasNumbersOnly(feed))) return `the input "${name}"`;
    const bad = learnt.find(({ values }) => values.some((v) => !Number.isFinite(v)));
    const values = new Map<ValueId, tf.Tensor>();
    tf.tidy(() => {
      const all = execute(graph, feeds, tensors, { isTraining: true }, own);
      for (const [id, { tensor }] of all) values.set(id, tf.keep(tf.clone(tensor)));
    });
    try {
      for (const { name, outputs } of graph.nodes)
        for (const id of outputs)
          if (!(await hasNumbersOnly(values.get(id))))
            return `the node "${name}"${bad ? ` (its weights "${bad.name}" are no numbers)` : ''}`;
      return 'the loss itself';
    } finally {
      tf.dispose([...values.values()]);
    }
  }
}

const hasNumbersOnly = async (tensor: tf.Tensor | undefined): Promise<boolean> =>
  tensor?.dtype !== 'float32' || (await tensor.data()).every((v) => Number.isFinite(v));
