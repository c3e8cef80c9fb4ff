import { isAbsolute, join } from 'node:path';
import { type DataPort, type DataSet, selectSamples } from '../data/data-set.ts';
import { inputPorts, portsOf } from '../data/graph-ports.ts';
import { requireClasses } from '../data/labels.ts';
import { openMetric } from '../data/metrics/index.ts';
import { openData } from '../data/open.ts';
import { labelsMissing } from '../diagnostics/metric.ts';
import { labelsDoNotFit, recipeInvalid, splitEmpty } from '../diagnostics/train.ts';
import type { Graph } from '../ir/graph.ts';
import { crossEntropy, type Loss, meanSquaredError } from './losses.ts';
import { adam } from './optimisers/index.ts';
import type { Recipe, RecipeSource } from './recipe.ts';
import { constantRate } from './schedules.ts';
import type { TrainingTask } from './train-network.ts';

export interface OpenedTask extends TrainingTask {
  readonly validation: DataSet;
  /** decides nothing */
  readonly test: DataSet | undefined;
}

const defaults = { epochs: 10, batch: 128, seed: 1, heldOut: 0.1 };

/**
 * A recipe with its data open and every default filled in. `folder` holds the data that it names.
 * @throws LccError LCC7xxx for data that cannot be read, LCC8010 and LCC8011 for labels and shares that do not fit
 */
export async function openTask(recipe: Recipe, graph: Graph, folder: string): Promise<OpenedTask> {
  const { data, epochs = defaults.epochs, batch = defaults.batch, seed = defaults.seed } = recipe;
  const output = recipe.output ?? graph.outputs[0]?.name ?? '';
  const [port] = portsOf(
    graph,
    graph.outputs.filter(({ name }) => name === output),
  );
  if (!port)
    throw recipeInvalid(
      'recipe',
      `the model has no output "${output}"`,
      `Name one that it has by output: ${graph.outputs.map(({ name }) => name).join(', ')}.`,
    );
  requireNumbers({ epochs, batch });
  const ports = inputPorts(graph);
  const whole = await open(data.train, ports, folder);
  const { train, validation } =
    typeof data.validation === 'object' || typeof data.validation === 'string' || typeof data.validation === 'function'
      ? { train: whole, validation: await open(data.validation, ports, folder) }
      : split(whole, data.validation ?? defaults.heldOut);
  const test = data.test === undefined ? undefined : await open(data.test, ports, folder);
  const loss = recipe.loss ?? defaultLoss(train);
  for (const set of [train, validation, ...(test ? [test] : [])]) requireLabels(set, loss, port);
  const rows = port.shape.slice(0, -1).reduce((product, n) => product * n, 1);
  const metric = recipe.metric ?? (loss.labels === 'value' ? 'mse' : rows > 1 ? 'perplexity' : 'top-1');
  return {
    graph,
    train,
    validation,
    test,
    loss,
    output,
    metric: await openMetric(metric),
    optimiser: recipe.optimiser ?? adam(),
    schedule: recipe.schedule ?? constantRate(),
    epochs,
    batch,
    seed,
    augment: recipe.augment ?? [],
    methods: recipe.methods ?? [],
    clipNorm: recipe.clipNorm,
    patience: recipe.patience,
  };
}

function requireNumbers(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isInteger(value) || value < 1)
      throw recipeInvalid(
        'recipe',
        `${name} is ${value}, not a whole number above 0`,
        `Give ${name} as a whole number.`,
      );
}

async function open(source: RecipeSource, ports: readonly DataPort[], folder: string): Promise<DataSet> {
  const isPlain = typeof source === 'string' || typeof source === 'function' || !('source' in source);
  const { source: from, options } = isPlain ? { source, options: undefined } : source;
  return openData(typeof from === 'string' && !isAbsolute(from) ? join(folder, from) : from, ports, options);
}

/** Every so many-th sample validates. */
function split(whole: DataSet, share: number): { readonly train: DataSet; readonly validation: DataSet } {
  if (!(share > 0 && share < 1))
    throw recipeInvalid(
      'recipe',
      `validation is ${share}, not a share between 0 and 1`,
      'Give validation as a share such as 0.1.',
    );
  const every = Math.max(2, Math.round(1 / share));
  const all = Array.from({ length: whole.size }, (_, i) => i);
  const held = all.filter((i) => i % every === every - 1);
  if (held.length === 0) throw splitEmpty(whole.name, 'validation', whole.size);
  return {
    train: selectSamples(
      whole,
      all.filter((i) => i % every !== every - 1),
    ),
    validation: selectSamples(whole, held),
  };
}

const defaultLoss = ({ labels }: DataSet): Loss => (labels?.kind === 'value' ? meanSquaredError() : crossEntropy());

function requireLabels(data: DataSet, loss: Loss, { name, shape }: DataPort): void {
  const { labels } = data;
  const wanted = loss.labels === 'class' ? 'class labels' : 'labels that are quantities (labelType=value)';
  if (labels?.kind !== loss.labels) throw labelsMissing(data.name, loss.name, wanted);
  const elements = shape.reduce((product, n) => product * n, 1);
  const rows = loss.labels === 'class' ? elements / (shape.at(-1) ?? 1) : elements;
  if (labels.width !== rows) throw labelsDoNotFit(data.name, labels.width, name, rows);
  requireClasses(data, shape.at(-1) ?? 1);
}
