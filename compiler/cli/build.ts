import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { isTargetName, targets } from '../../targets/index.ts';
import { requireReplaceable } from '../5-emit/write-folder.ts';
import { type CheckOptions, check } from '../6-budget/check.ts';
import { type CheckResult, downloadOf, exitCodeOf } from '../6-budget/check-result.ts';
import type { Budget } from '../6-budget/parse-budget.ts';
import { reportText } from '../6-budget/reporters/text.ts';
import type { Control } from '../control.ts';
import { isModuleName } from '../data/user-module.ts';
import { noModel } from '../diagnostics/cli.ts';
import { controlNotPossible, trainingStopped } from '../diagnostics/train.ts';
import type { Bundle, CompileOptions, StageEvent } from '../ir/bundle.ts';
import type { Report } from '../ir/report.ts';
import { printBytes } from '../quantity/bytes.ts';
import { findCacheFolder } from '../settings/cache-folder.ts';
import type { BuildConfig } from '../settings/config.ts';
import { type CompressionFlags, parseCompressionFlags } from '../settings/parse-compression-flags.ts';
import { defaultTarget, type ModelFlags, parseModelFlags } from '../settings/parse-model-flags.ts';
import { budgetFrom, placeData, sizeLimit } from '../settings/place-settings.ts';
import { findConfig, readBuildModule } from '../settings/read-config.ts';
import { withCompressionFlags } from './compression-flags.ts';
import type { ExitCode, Io } from './io.ts';
import { withModelFlags } from './model-options.ts';
import { makeProgress } from './progress.ts';
import type { MakeCommand } from './run.ts';
import { makeTrainingProgress, printStanding, withInterrupt } from './training-progress.ts';

interface BuildFlags extends ModelFlags, CompressionFlags {
  readonly out?: string;
  readonly data?: string;
  readonly cache: boolean;
  readonly budget?: string;
  readonly control?: true;
  readonly singleFile?: true;
  readonly json?: true;
}

const notes = `
The folder holds index.js with types, wasm modules, model.lcw (weights), lcc.json and report.html. -o
replaces an empty folder or an earlier bundle, nothing else. Without a model, this folder's lcc.config.ts
is built. --budget only checks, as lcc check does. It takes a size for the whole download after brotli,
such as 300KB, or JSON, inline or in a file, which may limit memory, work, times and losses as well:
{"total": {"brotli": "300KB"}, "code": "30KB", "latency": {"p95": "8 ms"}}.

Nothing is lost unless a limit asks for it. --max-drop, --max-size, --max-latency and --max-memory let
lcc collapse layers, cut ranks and widths, drop blocks and store weights in fewer bits, as little as
meets the limits, measured on --calibration data and, where it has labels, on --evaluation data.

Examples:
  lcc build model.onnx --target mobile-wasm -o public/model
  lcc build model.onnx --calibration inputs.npz --max-size 100KB
  lcc build model.onnx --dim seq=128 --const threshold=0.5 --budget budget.json`;

export const buildCommand: MakeCommand = (io, finish) =>
  withCompressionFlags(
    withModelFlags(
      new Command('build')
        .description('Compile a model into a bundle.')
        .argument('[model]', 'an .onnx or model.json file, a recipe.ts, or an lcc.config.ts'),
    ),
  )
    .option('-o, --out <dir>', 'folder of the bundle (default: dist/<model name>)')
    .option('--data <dir>', "folder of a recipe's data (default: the recipe's)")
    .option('--single-file', 'one ES module with wasm and weights inside')
    .option('--control', 'trains the network of the same size from scratch, where a recipe tells how, and reports it')
    .option('--budget <size or file>', 'limits to check the result against')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', notes)
    .action(async (model: string | undefined, flags: BuildFlags) => finish(await build(model, flags, io)));

interface BuildPlan {
  /** path of a model, or of a recipe that is trained first */
  readonly model: string;
  readonly data: string | undefined;
  readonly out: string;
  readonly options: CompileOptions;
  readonly budget: Budget | undefined;
}

async function build(model: string | undefined, flags: BuildFlags, io: Io): Promise<ExitCode> {
  const plan = await makePlan(model, flags, io.cwd);
  await requireReplaceable(plan.out);
  const progress = makeProgress(io, 'parity');
  const times: { stage: string; ms: number }[] = [];
  const onStage = (event: StageEvent) => {
    times.push({ stage: event.stage, ms: event.ms });
    progress.stage(event);
  };
  const trained = isModuleName(plan.model) ? await trainFirst(plan, io) : undefined;
  progress.start();
  const { compile } = await import('../compile.ts');
  const options = { ...trained?.samples, ...plan.options, onStage, onProgress: progress.line };
  const bundle = await compile(trained?.bytes ?? plan.model, options).catch((error: unknown) => {
    progress.stop();
    throw error;
  });
  await bundle.write(plan.out);
  const limits = [...(plan.budget?.limits ?? []), ...sizeLimit(plan.options)];
  const result = await check(plan.out, { ...plan.budget, limits }, dataToCheckOn(plan, bundle.report));
  const control = flags.control && (await compare(plan, bundle, result, io));
  if (flags.json) {
    const told = { ...summary(plan.out, bundle.report, times, result), ...(control && { control }) };
    io.stdout(`${JSON.stringify(told, undefined, 2)}\n`);
  } else {
    io.stdout(`${printPath(plan.out, io.cwd)}\n${reportText([result])}`);
    if (control) io.stdout(printControl(control));
  }
  return exitCodeOf(result);
}

/** Where accuracy is limited and nothing lossy has measured it, the check does. */
function dataToCheckOn({ options: { evaluation, metric }, budget }: BuildPlan, { compression }: Report): CheckOptions {
  const isLimited = budget?.limits.some(({ measure }) => measure === 'accuracy') ?? false;
  if (typeof evaluation !== 'string' || compression || !isLimited) return {};
  return { evaluation, ...(metric !== undefined && { metric }) };
}

/**
 * Trains the recipe, or takes up where an earlier build left it. Its training data calibrate and its validation data
 * evaluate where the options name no others.
 */
async function trainFirst({ model, data, options: { cache } }: BuildPlan, io: Io) {
  const { trainRecipe } = await import('../train.ts');
  const { exportOnnx } = await import('../1-ingest/onnx/export.ts');
  const { samplesOf } = await import('../samples-of.ts');
  const progress = makeTrainingProgress(io);
  const checkpoint =
    cache && join(cache, `train-${createHash('sha256').update(model).digest('hex').slice(0, 16)}.checkpoint`);
  if (cache) mkdirSync(cache, { recursive: true });
  const result = await withInterrupt((signal) =>
    trainRecipe(model, {
      ...(data !== undefined && { data }),
      ...(checkpoint && { checkpoint, replacesCheckpoint: true }),
      signal,
      onStart: progress.start,
      onStep: progress.step,
      onEpoch: progress.epoch,
    }),
  );
  if (result.isStopped) throw trainingStopped(result.history.length);
  io.stderr(`  trained   ${result.metric.name} ${printStanding(result.metric.name, result.metric)}\n`);
  for (const note of result.notes) io.stderr(`            ${note}\n`);
  return { bytes: exportOnnx(result.graph, { metadata: result.metadata }), samples: samplesOf(result.data) };
}

/** The same size, trained from scratch. */
async function compare(plan: BuildPlan, bundle: Bundle, { rows }: CheckResult, io: Io): Promise<Control> {
  const { trainControl } = await import('../control.ts');
  const total = downloadOf({ rows });
  const progress = makeTrainingProgress(io);
  const target = targets[isTargetName(plan.options.target) ? plan.options.target : defaultTarget];
  return withInterrupt((signal) =>
    trainControl({
      recipe: plan.model,
      options: {
        ...(plan.data !== undefined && { data: plan.data }),
        signal,
        onStart: progress.start,
        onStep: progress.step,
        onEpoch: progress.epoch,
      },
      target,
      bundle,
      bytes: total,
    }),
  );
}

function printControl({ fraction, parameters, bytes, metric, control, bundle }: Control): string {
  return [
    `control: ${16 * fraction}/16 of the hidden widths, ${parameters} parameters from scratch, ${printBytes(bytes)} as int8`,
    `         ${metric} ${printStanding(metric, control)}`,
    `bundle:  ${metric} ${printStanding(metric, bundle)}`,
    '',
  ].join('\n');
}

/** Relative to the current folder where it lies inside. */
function printPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? path : short;
}

const summary = (out: string, report: Report, times: readonly object[], result: CheckResult) => ({
  out,
  report,
  stages: times,
  check: result,
});

/** Flags over configuration over defaults. */
async function makePlan(model: string | undefined, flags: BuildFlags, cwd: string): Promise<BuildPlan> {
  const named = model === undefined ? findConfig(cwd) : resolve(cwd, model);
  if (named === undefined) throw noModel(cwd);
  const module = isModuleName(named) ? await readBuildModule(named) : undefined;
  const isConfig = module?.kind === 'config';
  const config: BuildConfig = isConfig ? module.config : { model: named };
  const home = isConfig ? dirname(named) : cwd;
  const { model: file, data, out, budget, ...settings } = config;
  const source = resolve(home, file);
  if (flags.control && !isModuleName(source))
    throw controlNotPossible(source, 'how this model was trained is not known');
  const cache = flags.cache ? await findCacheFolder(cwd) : undefined;
  const options: CompileOptions = {
    target: defaultTarget,
    ...(cache !== undefined && { cache }),
    ...placeData(settings, home),
    ...parseModelFlags(flags),
    ...placeData(parseCompressionFlags(flags), cwd),
  };
  const name = basename(source, extname(source));
  return {
    model: source,
    data: flags.data === undefined ? data && resolve(home, data) : resolve(cwd, flags.data),
    out: flags.out === undefined ? resolve(home, out ?? join('dist', name)) : resolve(cwd, flags.out),
    options: flags.singleFile ? { ...options, singleFile: true } : options,
    budget: flags.budget === undefined ? budgetFrom(budget, home) : budgetFrom(flags.budget, cwd),
  };
}
