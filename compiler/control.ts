import type { Target } from '../targets/target.ts';
import { evaluateGraph } from './2-train/evaluate.ts';
import { findHiddenGroups } from './2-train/hidden-groups.ts';
import type { Recipe } from './2-train/recipe.ts';
import { sixteenths } from './2-train/width-table.ts';
import { optimise } from './3-compress/pipeline.ts';
import { chooseEncoding } from './3-compress/plan/choose-encoding.ts';
import { totalOf } from './3-compress/plan/limits.ts';
import { noPrices } from './3-compress/plan/prices.ts';
import { makeQuantise } from './3-compress/plan/quantise.ts';
import type { DataSet } from './data/data-set.ts';
import { measureMetrics } from './data/measure-metrics.ts';
import { controlNotPossible } from './diagnostics/train.ts';
import type { Bundle } from './ir/bundle.ts';
import { countParameters } from './ir/count-parameters.ts';
import type { Graph } from './ir/graph.ts';
import type { ShippedSize } from './ir/trial.ts';
import { cutPrefixes } from './rewrite/cut-prefix.ts';
import { readRecipe, type TrainOptions, type TrainResult, trainRecipe } from './train.ts';
import { makeRunner } from './trial/make-runner.ts';
import { estimateScript, makeMeasureSize } from './trial/measure-size.ts';

/** A metric where data decide, and where they decide nothing. */
export interface Standing {
  readonly validation: number;
  readonly test?: number;
}

/** The honest comparison: the same architecture at the same size, trained from scratch (papers.md 0.3, conclusion 6). */
export interface Control {
  /** of the hidden widths */
  readonly fraction: number;
  readonly parameters: number;
  /** estimated download with int8 weights, brotli */
  readonly bytes: number;
  readonly metric: string;
  readonly control: Standing;
  readonly bundle: Standing;
}

export interface ControlTask {
  /** path of the recipe */
  readonly recipe: string;
  readonly options: TrainOptions;
  readonly target: Target;
  /** the compressed network, and what its download takes */
  readonly bundle: Bundle;
  readonly bytes: number;
}

/**
 * Trains the widest network of the recipe's architecture whose int8 build is no larger than the bundle, by the recipe
 * without its methods, and measures both on the recipe's data.
 * @throws LccError LCC8014 where the recipe makes no network, or none is small enough
 */
export async function trainControl({ recipe: file, options, target, bundle, bytes }: ControlTask): Promise<Control> {
  const { recipe, folder } = await readRecipe(file, options);
  const { model, seed = 1 } = recipe;
  if (typeof model !== 'function')
    throw controlNotPossible(file, 'it trains a model file further, nothing from scratch');
  const chosen = await widestWithin(model(seed), target, bytes);
  if (!chosen) throw controlNotPossible(file, `no network of its architecture is as small as ${bytes} bytes`);
  const scratch: Recipe = { ...recipe, model: (own) => narrowed(model(own), chosen.fraction), methods: [] };
  const trained = await trainRecipe(scratch, { ...omitCheckpoint(options), data: folder });
  const stored = inIntegers(trained.graph);
  const { metric, output } = trained.measured;
  const ofGraph = (data: DataSet): Promise<number> => evaluateGraph(stored, data, metric, output);
  const loaded = await bundle.load();
  const ofBundle = async (data: DataSet): Promise<number> => {
    const task = {
      data,
      outputs: loaded.outputs,
      run: (feeds: Parameters<typeof loaded.run>[0]) => loaded.run(feeds),
      output,
    };
    const [result] = await measureMetrics([metric], task);
    return result?.value ?? Number.NaN;
  };
  return {
    fraction: chosen.fraction,
    parameters: countParameters(stored),
    bytes: chosen.bytes,
    metric: metric.name,
    control: await standing(trained.data, ofGraph),
    bundle: await standing(trained.data, ofBundle),
  };
}

const omitCheckpoint = ({ checkpoint: _, ...rest }: TrainOptions): TrainOptions => rest;

const standing = async (
  { validation, test }: TrainResult['data'],
  measure: (data: DataSet) => Promise<number>,
): Promise<Standing> => ({
  validation: await measure(validation),
  ...(test && { test: await measure(test) }),
});

async function widestWithin(
  whole: Graph,
  target: Target,
  bytes: number,
): Promise<{ readonly fraction: number; readonly bytes: number } | undefined> {
  const measure = makeMeasureSize(target, await estimateScript(optimise(whole).graph, target));
  for (const fraction of [...sixteenths].reverse()) {
    const size: ShippedSize = await measure(inIntegers(narrowed(whole, fraction)));
    const total = totalOf({ size });
    if (total <= bytes) return { fraction, bytes: total };
  }
  return undefined;
}

/** The same architecture with that fraction of its hidden units, drawn as if it had been made so: fewer inputs weigh more. */
function narrowed(whole: Graph, fraction: number): Graph {
  const prefixes = findHiddenGroups(whole).map(({ group, least }) => {
    const width = Math.max(least, Math.round(fraction * group.width));
    return { group, width, scale: Math.sqrt(group.width / width) };
  });
  return cutPrefixes(whole, prefixes);
}

/** Weights as int8, which costs next to nothing (papers.md 0.3, conclusion 7). */
const inIntegers = (graph: Graph): Graph =>
  makeQuantise([], makeRunner)(optimise(graph).graph, { encoding: chooseEncoding('int8', noPrices) }).graph;
