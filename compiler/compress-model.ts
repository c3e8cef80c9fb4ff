import type { Target } from '../targets/target.ts';
import { type Compressed, type CompressTask, compress } from './3-compress/plan/compress.ts';
import { decisiveLoss, type Loss, makeMetricComparison } from './3-compress/plan/judge.ts';
import { type Figures, isMet, totalOf } from './3-compress/plan/limits.ts';
import { printMetric } from './data/metrics/print-metric.ts';
import { calibrationMissing, limitsInfeasible, planDoesNotFit, planOverLimits } from './diagnostics/compress.ts';
import type { FinetuneTask } from './finetune.ts';
import type { CompileOptions } from './ir/bundle.ts';
import type { Graph } from './ir/graph.ts';
import type { ActionReport, CompressionReport, MetricLoss, Outcome } from './ir/report.ts';
import { proveFolds } from './prove-folds.ts';
import { printBytes } from './quantity/bytes.ts';
import { printDuration } from './quantity/duration.ts';
import { printShare } from './quantity/share.ts';
import { randomInputs } from './random-inputs.ts';
import { readPlan, writePlan } from './settings/plan-file.ts';
import type { Compression } from './settings/read-compression.ts';
import { readSamples } from './settings/read-samples.ts';
import { openTrialHelpers } from './trial/helpers.ts';
import { makeRunner } from './trial/make-runner.ts';
import { estimateScript, makeMeasureSize, measureScript } from './trial/measure-size.ts';
import { openTrialMemory } from './trial/memory.ts';

export interface CompressedModel {
  readonly graph: Graph;
  readonly report: CompressionReport;
  /** warnings about the data, and what became of fine-tuning */
  readonly notes: readonly string[];
}

/** Calibration inputs that the exact passes are checked on. */
const checkedInputs = 8;

/**
 * Lossy compression of what the exact passes left of what the model file means, as the options ask for it.
 * @throws LccError LCC3001 to LCC3006, and LCC7xxx for data that cannot be read
 */
export async function compressModel(
  { meant, graph }: { readonly meant: Graph; readonly graph: Graph },
  compression: Compression,
  options: CompileOptions,
  target: Target,
): Promise<CompressedModel> {
  const { calibration, calibrationLabels, validation, reported, notes } = await readSamples(graph, options);
  const flag = flagThatNeedsData(options);
  const isBlind = calibration.length === 0;
  if (isBlind && flag !== undefined) throw calibrationMissing(flag);
  const plan = await readPlan(options.plan);
  const prove = (before: Graph, after: Graph): void => proveFolds(before, after, calibration.slice(0, checkedInputs));
  prove(meant, graph);
  const data = { graph, calibration, validation, standIns: isBlind ? randomInputs(graph, randomInputCount) : [] };
  const memory = openTrialMemory(options.cache, { ...data, switches: compression.switches, target });
  const script = await estimateScript(graph, target);
  const started = performance.now();
  let hasTrial = false;
  const looks = new Set<string>();
  const onLook = (what: string): void => {
    // several threads may begin with the same
    if (!hasTrial && !looks.has(what)) options.onProgress?.(`first look: ${what}`);
    looks.add(what);
  };
  const { threads } = options;
  const helpers = openTrialHelpers({ ...compression, ...data, target, script }, memory, { threads, onLook });
  const task: CompressTask = {
    ...compression,
    ...data,
    helpers,
    plan,
    sweeps: options.sweep ?? false,
    memory,
    makeRunner,
    proveFolds: prove,
    finetune:
      options.finetune && (await makeFinetune(graph, { samples: calibration, labels: calibrationLabels }, options)),
    measureSize: makeMeasureSize(target, script),
    onLook,
    onTrial: (trial, count, done) => {
      hasTrial = true;
      const line = `attempt ${count}: ${printSize(trial, compression.limits, target)}, ${printLoss(trial.loss)}`;
      options.onProgress?.(line, ((performance.now() - started) * (1 - done)) / done);
    },
  };
  const excessOf = async ({ graph: made }: Compressed) => (await measureScript(made, target)) - script;
  const found = await compressWithin(task, excessOf).finally(async () => {
    memory.save();
    await helpers?.close();
  });
  if (found.missing.length > 0) throw planDoesNotFit(found.missing.map((m) => `${m.pass} ${m.place}: ${m.level}`));
  if (!found.isFeasible) {
    const figures = describeNearest(found, compression.limits, target);
    throw plan ? planOverLimits(figures) : limitsInfeasible(figures);
  }
  if (typeof options.plan === 'string' && !plan) writePlan(options.plan, found.actions);
  const compare = reported && (await makeMetricComparison(graph, reported, makeRunner(graph)));
  const onReported = await compare?.(makeRunner(found.graph));
  const blind = isBlind ? ['There is no calibration data: the relative error is that of random inputs.'] : [];
  const report = { ...reportOf(found, compression.limits, onReported), device: target.profile.name };
  return {
    graph: found.graph,
    report,
    notes: [...notes, ...blind, ...describeFinetune(found, compression.limits, target)],
  };
}

const randomInputCount = 4;

/** The trainer is loaded only where it is asked for. */
async function makeFinetune(
  original: Graph,
  data: Pick<FinetuneTask, 'samples' | 'labels'>,
  { finetune: options, onProgress }: CompileOptions,
) {
  const { finetune } = await import('./finetune.ts');
  return (compressed: Graph, count: number): Promise<Graph> => {
    const [samples, labels] = [data.samples.slice(0, count), data.labels?.slice(0, count)];
    return finetune(compressed, { original, samples, labels, ...options, onProgress });
  };
}

/** Searches for one result at most. */
const mostSearches = 3;

/**
 * The index.js of a result may take a few bytes more than was expected of all: where they are too many for the limit, the
 * search goes on below it, most of it remembered. The result's size is that with its own index.js.
 */
async function compressWithin(
  task: CompressTask,
  excessOf: (found: Compressed) => Promise<number>,
): Promise<Compressed> {
  const limit = task.limits.size;
  let size = limit;
  for (let searches = 1; ; searches++) {
    const found = await compress({ ...task, limits: { ...task.limits, size } });
    const excess = await excessOf(found);
    const whole = { ...found, size: { ...found.size, code: found.size.code + excess } };
    if (limit === undefined || totalOf(whole) <= limit) return whole;
    if (task.plan || !found.isFeasible || searches === mostSearches) return { ...whole, isFeasible: false };
    size = limit - excess;
  }
}

/** The first option that cannot do without data: storing weights in fewer bits can. */
function flagThatNeedsData(options: CompileOptions): string | undefined {
  const flags = {
    '--max-drop': options.maxDrop,
    '--max-size': options.maxSize,
    '--max-latency': options.maxLatency,
    '--max-memory': options.maxMemory,
    '--collapse': options.collapse,
    '--rank': options.rank,
    '--finetune': options.finetune && 'on',
    '--plan': options.plan,
    '--sweep': options.sweep,
  };
  return Object.entries(flags).find(([, value]) => value !== undefined && value !== 'off')?.[0];
}

/** The download, and what else is limited. */
function printSize(
  { size }: Pick<Figures, 'size'>,
  { latency, memory }: CompressTask['limits'],
  { profile }: Target,
): string {
  const parts = [printBytes(totalOf({ size }))];
  if (latency !== undefined) parts.push(`${printDuration(size.milliseconds)} estimated on ${profile.name}`);
  if (memory !== undefined) parts.push(`${printBytes(size.memory)} in memory`);
  return parts.join(', ');
}

const printLoss = ({ error, metric }: Loss): string =>
  metric
    ? `${metric.name} ${printMetric(metric.name, metric.after)} (drop at most ${printMetric(metric.name, metric.bound)})`
    : `relative error ${printShare(error)}`;

/** Whether fine-tuning was kept, and why it was not; nothing where it was not asked for. */
function describeFinetune({ finetuned }: Compressed, limits: CompressTask['limits'], target: Target): string[] {
  if (!finetuned) return [];
  const { isKept, before, after } = finetuned;
  const change = `${printLoss(before.loss)} before it, ${printLoss(after.loss)} after`;
  if (isKept) return [`Fine-tuning is kept: ${change}.`];
  return isMet(after, limits)
    ? [`Fine-tuning is not kept, since it loses no less: ${change}.`]
    : [`Fine-tuning is not kept, since it does not meet the limits: ${printSize(after, limits, target)}; ${change}.`];
}

function describeNearest(found: Compressed, limits: CompressTask['limits'], { profile }: Target): string[] {
  const { size, loss } = found;
  const lines: string[] = [];
  if (limits.size !== undefined) lines.push(`size: ${printBytes(totalOf(found))} of ${printBytes(limits.size)}`);
  if (limits.memory !== undefined) lines.push(`memory: ${printBytes(size.memory)} of ${printBytes(limits.memory)}`);
  if (limits.latency !== undefined)
    lines.push(
      `latency on ${profile.name}, estimated: ${printDuration(size.milliseconds)} of ${printDuration(limits.latency)}`,
    );
  if (limits.drop !== undefined) lines.push(`loss: ${decisiveLoss(loss).toPrecision(3)} of ${limits.drop}`);
  return isMet(found, limits) ? [] : lines;
}

function reportOf(
  found: Compressed,
  limits: CompressTask['limits'],
  onReported: MetricLoss | undefined,
): CompressionReport {
  const { before, steps, loss, attempts } = found;
  return {
    limits: Object.fromEntries(
      Object.entries(limits).filter((entry): entry is [string, number] => entry[1] !== undefined),
    ),
    attempts,
    before: { ...sizeOf(before), ...(loss.metric && { metric: loss.metric.before }) },
    steps: steps.map((step) => ({ pass: step.pass, actions: step.actions, ...pointOf(step) })),
    actions: found.actions.map((action, i) => describeAction(action, found.errors.slice(0, i + 1))),
    tradeOff: found.tradeOff.map((one) => pointOf(one)),
    ...(found.next && { next: found.next }),
    ...(loss.metric && { metric: { ...loss.metric, ...(onReported && { reported: onReported }) } }),
  };
}

const sizeOf = (size: Figures['size']) => ({
  size: totalOf({ size }),
  macs: size.macs,
  milliseconds: size.milliseconds,
});

const pointOf = ({ size, loss }: Figures): Outcome => ({
  ...sizeOf(size),
  error: loss.error,
  ...(loss.metric && { metric: loss.metric.after }),
});

/** `errors`: of the outputs, after every action up to this one; none where they were not measured */
function describeAction(action: Compressed['actions'][number], errors: readonly number[]): ActionReport {
  const { pass, place, level, error } = action;
  const [after, before = 0] = [errors.at(-1), errors.at(-2)];
  const told = {
    ...{ pass, place, level },
    ...(error !== undefined && { error }),
    ...(after !== undefined && { outputError: { before, after } }),
  };
  if ('bits' in action) return { ...told, bits: action.bits };
  const { parameters, macs } = action;
  return { ...told, bits: { before: 32 * parameters.before, after: 32 * parameters.after }, macs };
}
