import type { DataSet } from '../data/data-set.ts';
import { inputPorts } from '../data/graph-ports.ts';
import type { Metric } from '../data/metrics/metric.ts';
import type { Graph } from '../ir/graph.ts';
import type { Augment } from './augment.ts';
import type { Checkpoint } from './checkpoint.ts';
import { Descent } from './descent.ts';
import { evaluate } from './evaluate.ts';
import type { Loss } from './losses.ts';
import type { Method, Preparation } from './methods/method.ts';
import type { Optimiser } from './optimisers/index.ts';
import { Parameters } from './parameters.ts';
import { makeRandom } from './random.ts';
import type { Schedule } from './schedules.ts';
import { makeTrainingData } from './training-data.ts';

/** A recipe with every default filled in and all its data open. */
export interface TrainingTask {
  readonly graph: Graph;
  readonly train: DataSet;
  /** measured after every epoch; NaN where there is none */
  readonly validation: DataSet | undefined;
  readonly loss: Loss;
  /** name of the output that labels are for */
  readonly output: string;
  readonly metric: Metric;
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  readonly augment: readonly Augment[];
  readonly methods: readonly Method[];
  readonly clipNorm: number | undefined;
  readonly patience: number | undefined;
}

export interface EpochReport {
  readonly epoch: number;
  readonly epochs: number;
  /** mean over the epoch's steps */
  readonly loss: number;
  readonly validation: number;
  readonly rate: number;
  readonly seconds: number;
  readonly examplesPerSecond: number;
  /** how methods stand, by name */
  readonly status: Readonly<Record<string, number>>;
}

export interface TrainingHooks {
  /** where to go on from */
  readonly from?: Checkpoint | undefined;
  /** after every epoch, and where training was told to stop */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  readonly onEpoch?: (report: EpochReport) => void;
  readonly onStep?: (done: number, all: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainedNetwork {
  /** after every method's finish */
  readonly graph: Graph;
  /** the same as it was trained */
  readonly trained: Graph;
  readonly notes: readonly string[];
  readonly history: readonly EpochReport[];
  readonly isStopped: boolean;
}

/** Milliseconds after which others get their turn. */
const turn = 100;

/**
 * Trains a network on batches in random order, the same for the same seed. What the last epoch leaves is kept, or with
 * `patience` what was best on the validation data.
 * @throws LccError LCC8004 where the loss is no number
 */
export async function trainNetwork(task: TrainingTask, hooks: TrainingHooks = {}): Promise<TrainedNetwork> {
  const { preparations, graph, roles } = prepareAll(task);
  const parameters = new Parameters(graph, roles);
  try {
    return await new Training(task, hooks, parameters, preparations).run();
  } finally {
    for (const { end } of preparations) end?.();
    parameters.dispose();
  }
}

function prepareAll({ graph: original, methods }: TrainingTask) {
  const preparations: Preparation[] = [];
  let graph = original;
  for (const method of methods) {
    const preparation = method.prepare(graph);
    preparations.push(preparation);
    graph = preparation.graph;
  }
  return { preparations, graph, roles: new Map(preparations.flatMap(({ roles }) => [...(roles ?? [])])) };
}

class Training {
  readonly #task: TrainingTask;
  readonly #hooks: TrainingHooks;
  readonly #parameters: Parameters;
  readonly #methods: readonly Preparation[];
  readonly #random;
  readonly #descent: Descent;
  readonly #data;
  #history: EpochReport[] = [];
  #rested = performance.now();
  #best: { readonly value: number; readonly epoch: number; readonly values: readonly Float32Array[] } | undefined;

  constructor(task: TrainingTask, hooks: TrainingHooks, parameters: Parameters, methods: readonly Preparation[]) {
    this.#task = task;
    this.#hooks = hooks;
    this.#parameters = parameters;
    this.#methods = methods;
    this.#random = makeRandom(task.seed);
    this.#descent = new Descent(task, parameters, methods, this.#random);
    this.#data = makeTrainingData(task.train, inputPorts(parameters.graph));
  }

  async run(): Promise<TrainedNetwork> {
    const { epochs, patience } = this.#task;
    if (this.#hooks.from) this.#restore(this.#hooks.from);
    for (const method of this.#methods) method.begin?.(this.#parameters, this.#history.length, epochs);
    let isStopped = false;
    while (this.#history.length < epochs && !isStopped) {
      const epoch = this.#history.length + 1;
      const before = this.#checkpoint();
      const report = await this.#epoch(epoch);
      // half an epoch is not kept: it is done again from its beginning
      if (!report) {
        this.#hooks.onCheckpoint?.(before);
        this.#restore(before);
        isStopped = true;
        break;
      }
      this.#history.push(report);
      this.#remember(report);
      this.#hooks.onEpoch?.(report);
      this.#hooks.onCheckpoint?.(this.#checkpoint());
      isStopped = this.#hooks.signal?.aborted === true && epoch < epochs;
      if (patience !== undefined && this.#best && epoch - this.#best.epoch >= patience) break;
    }
    if (patience !== undefined && this.#best && !isStopped) this.#take(this.#best.values);
    const trained = this.#parameters.toGraph();
    const notes: string[] = [];
    let graph = trained;
    for (const method of [...this.#methods].reverse()) {
      const finished = method.finish(graph);
      graph = finished.graph;
      notes.push(...finished.notes);
    }
    return { graph, trained, notes, history: this.#history, isStopped };
  }

  /** undefined where it was told to stop */
  async #epoch(epoch: number): Promise<EpochReport | undefined> {
    const { batch, epochs, optimiser, schedule, validation, metric, output, augment } = this.#task;
    const start = performance.now();
    const steps = Math.max(1, Math.floor(this.#data.size / batch));
    const order = this.#random.permutation(this.#data.size);
    let sum = 0;
    let rate = optimiser.rate;
    for (let step = 0; step < steps; step++) {
      const done = (epoch - 1) * steps + step;
      rate = optimiser.rate * schedule(done / (epochs * steps));
      const positions = order.subarray(step * batch, (step + 1) * batch);
      sum += await this.#descent.step(this.#data.batch(positions, augment, this.#random), rate, done);
      this.#hooks.onStep?.(done + 1, epochs * steps);
      if (performance.now() - this.#rested > turn) {
        await new Promise((resolve) => setImmediate(resolve));
        this.#rested = performance.now();
        if (this.#hooks.signal?.aborted) return undefined;
      }
    }
    const seconds = (performance.now() - start) / 1000;
    for (const method of this.#methods) method.afterEpoch?.(this.#parameters, epoch, epochs);
    const value =
      validation && (await evaluate(this.#parameters.graph, () => this.#descent.seen(), validation, metric, output));
    return {
      epoch,
      epochs,
      loss: sum / steps,
      validation: value ?? Number.NaN,
      rate,
      seconds,
      examplesPerSecond: (steps * Math.min(batch, this.#data.size)) / seconds,
      status: Object.assign({}, ...this.#methods.map((method) => method.status?.(this.#parameters) ?? {})),
    };
  }

  #remember({ validation, epoch }: EpochReport): void {
    const { metric, patience } = this.#task;
    if (patience === undefined) return;
    const isBetter =
      !this.#best || (metric.higherIsBetter ? validation > this.#best.value : validation < this.#best.value);
    if (isBetter) this.#best = { value: validation, epoch, values: this.#values().map((values) => values.slice()) };
  }

  #values(): Float32Array[] {
    return [...this.#parameters.learnt, ...this.#parameters.statistics].map(({ values }) => values);
  }

  #take(values: readonly Float32Array[]): void {
    this.#values().forEach((own, i) => {
      own.set(values[i] ?? []);
    });
    for (const parameter of this.#parameters.learnt) this.#parameters.update(parameter);
    for (const { id, values: own, shape } of this.#parameters.statistics) this.#parameters.replace(id, own, shape);
  }

  #checkpoint(): Checkpoint {
    return {
      history: [...this.#history],
      random: this.#random.state,
      values: this.#values().map((values) => values.slice()),
      memory: this.#descent.updates.flatMap(({ memory }) => memory.map((array) => array.slice())),
      best: this.#best,
    };
  }

  #restore({ history, random, values, memory, best }: Checkpoint): void {
    this.#history = [...history];
    this.#random.state = random;
    this.#take(values);
    this.#descent.updates
      .flatMap((update) => update.memory)
      .forEach((array, i) => {
        array.set(memory[i] ?? []);
      });
    this.#best = best;
  }
}
