import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ingest } from './1-ingest/ingest.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './2-train/checkpoint.ts';
import type { BackendName } from './2-train/engine/backend-names.ts';
import { type ChosenBackend, chooseBackend } from './2-train/engine/choose-backend.ts';
import { evaluateGraph } from './2-train/evaluate.ts';
import { methods } from './2-train/methods/index.ts';
import { type MethodName, methodNames } from './2-train/methods/names.ts';
import { type OpenedTask, openTask } from './2-train/open-task.ts';
import { isRecipe, type Recipe } from './2-train/recipe.ts';
import { type EpochReport, trainNetwork } from './2-train/train-network.ts';
import { optimise } from './3-compress/pipeline.ts';
import type { DataSet } from './data/data-set.ts';
import type { Metric } from './data/metrics/metric.ts';
import { importDefault, isModuleName, thrownBy } from './data/user-module.ts';
import { unknownChoice } from './diagnostics/cli.ts';
import { modelNotFound } from './diagnostics/ingest.ts';
import { recipeInvalid } from './diagnostics/train.ts';
import { countParameters } from './ir/count-parameters.ts';
import type { Graph } from './ir/graph.ts';
import { printGraph } from './ir/print.ts';

/** The flags of `lcc train` in camel case, and who is told how it goes. */
export interface TrainOptions {
  /** folder of the data that the recipe names; by default the recipe's own. For a model file: its labelled data */
  readonly data?: string;
  readonly backend?: BackendName;
  /** ways to train, by name, beside the recipe's */
  readonly methods?: readonly string[];
  /** instead of the recipe's */
  readonly epochs?: number;
  readonly seed?: number;
  /** file that every epoch is kept in, and that training goes on from where it is there */
  readonly checkpoint?: string;
  /** begins anew over the checkpoint of another run, which is an error otherwise */
  readonly replacesCheckpoint?: boolean;
  /** the current epoch ends it, kept in the checkpoint */
  readonly signal?: AbortSignal;
  readonly onStart?: (start: TrainingStart) => void;
  readonly onEpoch?: (report: EpochReport) => void;
  readonly onStep?: (done: number, all: number) => void;
}

export interface TrainingStart {
  readonly backend: ChosenBackend;
  readonly graph: Graph;
  readonly parameters: number;
  readonly samples: { readonly train: number; readonly validation: number; readonly test: number };
  readonly metric: string;
  /** epochs that a checkpoint had done */
  readonly resumed: number;
}

/** A trained network, and what is known of it. */
export interface TrainResult {
  /** a plain inference graph, after every method's finish and the exact passes */
  readonly graph: Graph;
  readonly notes: readonly string[];
  readonly history: readonly EpochReport[];
  readonly isStopped: boolean;
  readonly metric: {
    readonly name: string;
    readonly validation: number;
    /** of data that decided nothing, where the recipe names some */
    readonly test?: number;
  };
  readonly parameters: { readonly trained: number; readonly finished: number };
  /** what it was trained and validated on */
  readonly data: { readonly train: DataSet; readonly validation: DataSet; readonly test?: DataSet | undefined };
  /** the metric, and the output that it looks at */
  readonly measured: { readonly metric: Metric; readonly output: string };
  /** what was trained how, as texts */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Trains a recipe, or the recipe or model at that path, and gives the plain inference graph.
 * @throws LccError LCC8xxx for recipes and training, LCC7xxx for data, LCC1xxx for models
 */
export const train = async (recipe: Recipe | string, options: TrainOptions = {}): Promise<Graph> =>
  (await trainRecipe(recipe, options)).graph;

/** The same with all there is to say about it. */
export async function trainRecipe(source: Recipe | string, options: TrainOptions = {}): Promise<TrainResult> {
  const { recipe: written, home, folder } = await readRecipe(source, options);
  const recipe: Recipe = {
    ...written,
    ...(options.epochs !== undefined && { epochs: options.epochs }),
    ...(options.seed !== undefined && { seed: options.seed }),
  };
  const backend = await chooseBackend(options.backend);
  const original = await makeGraph(recipe, home);
  const named = (options.methods ?? []).map((name) =>
    methodNamed(name)({ original, isNew: typeof recipe.model === 'function' }),
  );
  const task = await openTask({ ...recipe, methods: [...(recipe.methods ?? []), ...named] }, original, folder);
  const run = runOf(task, backend);
  const { checkpoint: file } = options;
  const from = file === undefined ? undefined : goOnFrom(file, run, options.replacesCheckpoint ?? false);
  const { train: own, validation, test } = task;
  options.onStart?.({
    backend,
    graph: task.graph,
    parameters: countParameters(task.graph),
    samples: { train: own.size, validation: validation.size, test: test?.size ?? 0 },
    metric: task.metric.name,
    resumed: from?.history.length ?? 0,
  });
  const trained = await trainNetwork(task, {
    from,
    signal: options.signal,
    ...(file !== undefined && { onCheckpoint: (checkpoint) => writeCheckpoint(file, run, checkpoint) }),
    ...(options.onEpoch && { onEpoch: options.onEpoch }),
    ...(options.onStep && { onStep: options.onStep }),
  });
  const { graph } = optimise(trained.graph);
  const measure = (data: OpenedTask['validation']) => evaluateGraph(graph, data, task.metric, task.output);
  const metric = {
    name: task.metric.name,
    validation: await measure(validation),
    ...(test && { test: await measure(test) }),
  };
  return {
    graph,
    notes: trained.notes,
    history: trained.history,
    isStopped: trained.isStopped,
    metric,
    parameters: { trained: countParameters(trained.trained), finished: countParameters(graph) },
    data: { train: own, validation, test },
    measured: { metric: task.metric, output: task.output },
    metadata: describe(task, trained.history.length, metric),
  };
}

function methodNamed(name: string): (typeof methods)[MethodName] {
  const known = methodNames.find((one) => one === name);
  if (known === undefined) throw unknownChoice('method', name, methodNames);
  return methods[known];
}

function goOnFrom(file: string, run: string, replaces: boolean): Checkpoint | undefined {
  try {
    return readCheckpoint(file, run);
  } catch (error) {
    if (replaces) return undefined;
    throw error;
  }
}

export interface FoundRecipe {
  readonly recipe: Recipe;
  /** folder that a model's path starts from */
  readonly home: string;
  /** folder of the data */
  readonly folder: string;
}

/** The recipe at a path, or the one that trains a model file further. @throws LccError LCC8009 */
export async function readRecipe(source: Recipe | string, { data }: TrainOptions): Promise<FoundRecipe> {
  if (typeof source !== 'string') return { recipe: source, home: '.', folder: data ?? '.' };
  const home = dirname(resolve(source));
  if (!isModuleName(source)) {
    if (data === undefined)
      throw recipeInvalid(
        source,
        'a model needs --data, a labelled data set to train on',
        'Name it: --data images.npz.',
      );
    return { recipe: { model: resolve(source), data: { train: data } }, home, folder: '' };
  }
  const recipe = await importDefault(source).catch((error: unknown) => {
    throw thrownBy(error, (reason, remedy) => recipeInvalid(source, reason, remedy));
  });
  if (!isRecipe(recipe)) throw recipeInvalid(source, 'its default export has no model and data');
  return { recipe, home, folder: data ?? home };
}

/** What a model file means, simplified: training goes on from there. */
async function makeGraph({ model, seed = 1 }: Recipe, home: string): Promise<Graph> {
  if (typeof model === 'function') {
    try {
      return model(seed);
    } catch (error) {
      throw thrownBy(error, (reason, remedy) => recipeInvalid('recipe', reason, remedy));
    }
  }
  const file = resolve(home, model);
  const bytes = await readFile(file).catch(() => {
    throw modelNotFound(file);
  });
  return optimise(ingest({ bytes, file }).graph).graph;
}

const describe = (task: OpenedTask, epochs: number, metric: TrainResult['metric']): Record<string, string> => ({
  'lcc.epochs': String(epochs),
  'lcc.seed': String(task.seed),
  'lcc.batch': String(task.batch),
  'lcc.optimiser': `${task.optimiser.name} ${task.optimiser.rate}`,
  'lcc.loss': task.loss.name,
  'lcc.methods': task.methods.map(({ name }) => name).join(', '),
  'lcc.samples': String(task.train.size),
  'lcc.metric': `${metric.name} ${metric.validation}`,
});

/** Names a run: the same network, data and settings. */
function runOf(task: OpenedTask, { name }: ChosenBackend): string {
  const hash = createHash('sha256').update(printGraph(task.graph)).update(name);
  for (const { data } of task.graph.constants.values())
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const { seed, batch, epochs, loss, optimiser, clipNorm, patience, output, metric } = task;
  hash.update(JSON.stringify([seed, batch, epochs, loss.name, optimiser, clipNorm, patience, output, metric.name]));
  for (const { name, settings } of task.methods) hash.update(`${name} ${JSON.stringify(settings, printed)}`);
  for (const { size, hashOf } of [task.train, task.validation]) hash.update(`${size} ${hashOf(0)} ${hashOf(size - 1)}`);
  return hash.digest('hex');
}

/** Settings as text; a network by what it is. */
const printed = (_: string, value: unknown): unknown => (isGraph(value) ? printGraph(value) : value);

const isGraph = (value: unknown): value is Graph =>
  typeof value === 'object' && value !== null && 'nodes' in value && 'constants' in value;
