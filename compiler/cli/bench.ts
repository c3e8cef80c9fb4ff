import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import type { BenchResult } from '../6-budget/bench/bench.ts';
import { readManifest } from '../6-budget/read-bundle.ts';
import { benchNeedsModel, benchNeedsOnnx, engineNeedsRecipe, flagInvalid, unknownChoice } from '../diagnostics/cli.ts';
import { modelNotFound } from '../diagnostics/ingest.ts';
import type { Manifest } from '../ir/bundle.ts';
import { parseBackends } from '../parse-model-flags.ts';
import { printTable } from '../table.ts';
import type { Io } from './io.ts';
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
an empty page to the first output, and the time of one run once warm, on one thread. Another engine
takes turns with it in the same page. WebGPU runs on a software GPU unless --gpu hardware: its times
then mean nothing, its values do.

Examples:
  lcc bench dist/model
  lcc bench dist/model --against onnxruntime-web`;

export const benchCommand: MakeCommand = (io, finish) =>
  new Command('bench')
    .description('Measure a bundle in a real browser.')
    .argument('<bundle>', 'a folder that lcc build wrote')
    .option('--against <engine>', 'also measure onnxruntime-web')
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
  const [backend = 'wasm'] = parseBackends(flags.backend);
  const rounds = Number(flags.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw flagInvalid('--rounds', flags.rounds, 'a count');
  if (flags.gpu !== 'software' && flags.gpu !== 'hardware') {
    throw unknownChoice('GPU', flags.gpu, ['software', 'hardware']);
  }
  const manifest = await readManifest(folder);
  const { inputs } = manifest;
  const model = await readModel(folder, manifest, flags, io);
  const { openBench } = await import('../6-budget/bench/bench.ts');
  const { bench, close } = await openBench(flags.gpu);
  try {
    return await bench({ bundle: folder, inputs, backend, rounds, ...(model === undefined ? {} : { model }) });
  } finally {
    await close();
  }
}

const otherEngines = ['onnxruntime-web'];

/** The ONNX model for the other engine: the one named, else the one the bundle was built from where it still lies about. */
async function readModel(
  folder: string,
  manifest: Manifest,
  flags: BenchFlags,
  io: Io,
): Promise<Uint8Array | undefined> {
  for (const engine of flags.against?.split(',').map((name) => name.trim()) ?? []) {
    if (engine === 'tfjs') throw engineNeedsRecipe(engine);
    if (!otherEngines.includes(engine)) throw unknownChoice('engine', engine, otherEngines);
  }
  if (flags.against === undefined) return undefined;
  if (flags.model !== undefined) {
    const file = resolve(io.cwd, flags.model);
    return readFile(file).catch(() => {
      throw modelNotFound(file);
    });
  }
  const { file, sha256 } = manifest.source;
  if (file?.endsWith('.json')) throw benchNeedsOnnx(flags.against, file);
  for (const place of file === undefined ? [] : [io.cwd, dirname(folder), dirname(dirname(folder))]) {
    const bytes = await readFile(join(place, file ?? '')).catch(() => undefined);
    if (bytes && createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
  }
  throw benchNeedsModel(flags.against, file);
}

function printResult({ engines, worst }: BenchResult): string {
  const [ours, other] = engines;
  const table = printTable([
    ['engine', 'backend', 'first output', 'one run', '90 %'],
    ...engines.map((e) => [e.engine, e.backend, ...[e.first, e.median, e.p90].map(printMs)]),
  ]);
  if (ours === undefined || other === undefined) return table;
  const first = (other.first / ours.first).toFixed(1);
  const run = (other.median / ours.median).toFixed(2);
  return `${table}lcc is ${first} times as fast to its first output, ${run} times per run; outputs differ by ${worst.toExponential(1)} of the largest value\n`;
}

const printMs = (ms: number): string => `${ms < 1 ? ms.toFixed(3) : ms.toFixed(2)} ms`;
