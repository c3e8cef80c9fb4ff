import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import type { BenchResult, EngineResult } from '../6-budget/bench/bench.ts';
import { bundlePorts } from '../6-budget/bundle-ports.ts';
import { readWholeManifest } from '../6-budget/read-whole-manifest.ts';
import { printTable } from '../describe/table.ts';
import { flagInvalid } from '../diagnostics/cli.ts';
import { bundleWithoutBackend } from '../diagnostics/report.ts';
import { printBytes } from '../quantity/bytes.ts';
import { printQuantity } from '../quantity/quantity.ts';
import { parseBackend, parseGpu } from './device-flags.ts';
import type { Io } from './io.ts';
import { makeProgressLine } from './progress.ts';
import type { MakeCommand } from './run.ts';

interface BenchFlags {
  readonly against?: string;
  readonly model?: string;
  readonly backend: string;
  readonly rounds: string;
  readonly gpu: string;
  readonly json?: true;
}

const notes = `
Opens the bundle in a headless Chrome or Chromium, feeds it random numbers, and prints the time from
an empty page to the first output, and the time of one run once warm, on one thread. Other engines
take turns with it in the same page, with the model that the bundle was built from: onnxruntime-web
with an ONNX file (lcc writes one of a TensorFlow.js model), tfjs with a model.json and its weights.
WebGPU runs on a software GPU unless --gpu hardware: its times then mean nothing, its values do.

Examples:
  lcc bench dist/model
  lcc bench dist/model --against onnxruntime-web
  lcc bench dist/model --against onnxruntime-web,tfjs`;

export const benchCommand: MakeCommand = (io, finish) =>
  new Command('bench')
    .description('Measure a bundle in a real browser.')
    .argument('<bundle>', 'a folder that lcc build wrote')
    .option('--against <engines>', 'also measure onnxruntime-web, tfjs, or both: onnxruntime-web,tfjs')
    .option('--model <file>', 'the model that the bundle was built from (default: found beside the bundle or here)')
    .option('--backend <name>', 'webgpu or wasm', 'wasm')
    .option('--rounds <count>', 'interleaved rounds', '30')
    .option('--gpu <kind>', 'software or hardware', 'software')
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (folder: string, flags: BenchFlags) => {
      const result = await benchBundle(resolve(io.cwd, folder), flags, io);
      io.stdout(flags.json ? `${JSON.stringify(result, undefined, 2)}\n` : printResult(result));
      finish(0);
    });

async function benchBundle(folder: string, flags: BenchFlags, io: Io): Promise<BenchResult> {
  const backend = parseBackend(flags.backend);
  const rounds = Number(flags.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw flagInvalid('--rounds', flags.rounds, 'a count');
  const gpu = parseGpu(flags.gpu);
  const manifest = await readWholeManifest(folder);
  const { inputs, outputs, backends } = manifest;
  if (!backends.includes(backend)) throw bundleWithoutBackend(folder, backend, backends);
  const places = [io.cwd, dirname(folder), dirname(dirname(folder))];
  const model = flags.model === undefined ? undefined : resolve(io.cwd, flags.model);
  const { findRivals } = await import('./bench-rivals.ts');
  const rivals =
    flags.against === undefined ? [] : await findRivals({ against: flags.against, model, places, manifest });
  const { openBench } = await import('../6-budget/bench/bench.ts');
  const { bench, close } = await openBench(gpu);
  const progress = makeProgressLine(io);
  try {
    const { inputs: bundleInputs } = bundlePorts(manifest);
    const task = { bundle: folder, rivals, inputs, bundleInputs, outputs, backend, rounds };
    return await bench({ ...task, onProgress: progress.rewrite });
  } finally {
    progress.stop();
    await close();
  }
}

function printResult({ engines }: BenchResult): string {
  const rows = engines.map((e) => [
    e.engine,
    e.backend,
    ...[e.first, e.median, e.p90].map((ms) => printQuantity(ms, 'ms')),
    ...(e.backend === 'wasm' ? [printBytes(e.memory)] : []),
  ]);
  const [ours, ...others] = engines;
  const memory = ours?.backend === 'wasm' ? ['wasm memory'] : [];
  const table = printTable([['engine', 'backend', 'first output', 'one run', '90 %', ...memory], ...rows]);
  return ours === undefined ? table : table + others.map((other) => printRatios(ours, other)).join('');
}

function printRatios(ours: EngineResult, other: EngineResult): string {
  const first = (other.first / ours.first).toFixed(1);
  const run = (other.median / ours.median).toFixed(2);
  const difference = other.worst.toExponential(1);
  return `lcc is ${first} times as fast as ${other.engine} to its first output, ${run} times per run; outputs differ by ${difference} of the largest value\n`;
}
