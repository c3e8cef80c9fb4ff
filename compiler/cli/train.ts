import { appendFileSync, existsSync, rmSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { Command } from 'commander';
import { type BackendName, backendNames } from '../2-train/engine/backend-names.ts';
import { methodNames } from '../2-train/methods/names.ts';
import { writeWhole } from '../data/write-whole.ts';
import { flagInvalid, unknownChoice } from '../diagnostics/cli.ts';
import { trainingFileNotWritten } from '../diagnostics/train.ts';
import type { TrainResult } from '../train.ts';
import type { ExitCode, Io } from './io.ts';
import type { MakeCommand } from './run.ts';
import { makeTrainingProgress, printStanding, withInterrupt } from './training-progress.ts';

interface TrainFlags {
  readonly data?: string;
  readonly method?: readonly string[];
  readonly out?: string;
  readonly backend?: string;
  readonly epochs?: number;
  readonly seed?: number;
  readonly checkpoint?: string;
  readonly log?: string;
  readonly json?: true;
}

const notes = `
A recipe is a TypeScript file that exports defineRecipe({ model, data, ... }): a network to begin with
or a model file, its data, and how it learns. A model file alone is trained further on the labelled
samples that --data names, a tenth of which validates.

Ctrl-C keeps what the last finished epoch left in the checkpoint; the same command goes on from there.

Methods: ${methodNames.join(', ')}.

Examples:
  lcc train recipe.ts --data data/mnist -o model.onnx
  lcc train model.onnx --data images.npz --method layer-collapse --epochs 5 -o smaller.onnx`;

export const trainCommand: MakeCommand = (io, finish) =>
  new Command('train')
    .description('Train a network for compression, and write it as ONNX.')
    .argument('<recipe or model>', 'a recipe.ts, or a model file to train further')
    .option('--data <dir>', "folder of the recipe's data (default: the recipe's); for a model: its labelled data")
    .option('--method <name...>', 'ways to train for compression, beside those of the recipe')
    .option('-o, --out <file>', 'the ONNX file (default: <name>.onnx)')
    .option('--backend <name>', `${backendNames.join(', ')}; default: the first that works here`)
    .option('--epochs <n>', 'instead of the recipe', parseWhole('--epochs'))
    .option('--seed <n>', 'instead of the recipe', parseWhole('--seed'))
    .option('--checkpoint <file>', 'kept after every epoch (default: <out>.checkpoint, until training is done)')
    .option('--log <file>', 'a line of JSON for every epoch')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', notes)
    .action(async (source: string, flags: TrainFlags) => finish(await trainModel(source, flags, io)));

async function trainModel(source: string, flags: TrainFlags, io: Io): Promise<ExitCode> {
  const file = resolve(io.cwd, source);
  const out = resolve(io.cwd, flags.out ?? `${basename(source, extname(source))}.onnx`);
  const checkpoint = resolve(io.cwd, flags.checkpoint ?? `${out}.checkpoint`);
  const log = flags.log === undefined ? undefined : resolve(io.cwd, flags.log);
  const progress = makeTrainingProgress(io);
  const { trainRecipe } = await import('../train.ts');
  const result = await withInterrupt((signal) =>
    trainRecipe(file, {
      ...(flags.data !== undefined && { data: fromFolder(flags.data, io.cwd) }),
      ...(flags.backend !== undefined && { backend: requireBackend(flags.backend) }),
      ...(flags.epochs !== undefined && { epochs: flags.epochs }),
      ...(flags.seed !== undefined && { seed: flags.seed }),
      methods: flags.method ?? [],
      checkpoint,
      signal,
      onStart: progress.start,
      onStep: progress.step,
      onEpoch: (report) => {
        progress.epoch(report);
        if (log !== undefined) writing(log, () => appendFileSync(log, `${JSON.stringify(report)}\n`));
      },
    }),
  );
  if (result.isStopped) {
    io.stderr(`  stopped after epoch ${result.history.length}; the same command goes on from ${checkpoint}\n`);
    return 2;
  }
  const { exportOnnx } = await import('../1-ingest/onnx/export.ts');
  const bytes = exportOnnx(result.graph, { metadata: result.metadata });
  writing(out, () => writeWhole(out, bytes));
  if (flags.checkpoint === undefined && existsSync(checkpoint)) rmSync(checkpoint);
  if (flags.json) io.stdout(`${JSON.stringify(summary(out, result), undefined, 2)}\n`);
  else io.stdout(printResult(out, result));
  return 0;
}

const parseWhole =
  (flag: string) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0 || text.trim() === '') throw flagInvalid(flag, text, 'a whole number');
    return value;
  };

/** Data sources are paths with options after a question mark. */
const fromFolder = (source: string, folder: string): string =>
  source.replace(/^[^?]*/, (path) => resolve(folder, path));

function requireBackend(name: string): BackendName {
  const found = backendNames.find((known) => known === name);
  if (found === undefined) throw unknownChoice('backend', name, backendNames);
  return found;
}

function writing(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw trainingFileNotWritten(file, error instanceof Error ? error.message : String(error));
  }
}

function printResult(out: string, { metric, parameters, notes: said }: TrainResult): string {
  return [
    out,
    `${metric.name} ${printStanding(metric.name, metric, ' on the validation data')}`,
    `parameters ${parameters.trained} as trained, ${parameters.finished} as written`,
    ...said,
    '',
  ].join('\n');
}

const summary = (out: string, { metric, parameters, notes: said, history, metadata }: TrainResult) => ({
  out,
  metric,
  parameters,
  notes: said,
  history,
  metadata,
});
