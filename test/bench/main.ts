import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { type BenchResult, type EngineResult, openBench } from '../../compiler/6-budget/bench/bench.ts';
import { onnxRuntimeEngine } from '../../compiler/6-budget/bench/engines/onnxruntime-web.ts';
import type { EngineName } from '../../compiler/6-budget/bench/page.ts';
import { check } from '../../compiler/6-budget/check.ts';
import { compile } from '../../compiler/compile.ts';
import { printTable } from '../../compiler/describe/table.ts';
import type { KernelReport, Report } from '../../compiler/ir/report.ts';
import { printBytes } from '../../compiler/quantity/bytes.ts';
import { referenceModelNames } from '../harness/reference-models.ts';
import { sharedFolder } from '../harness/shared.ts';
import { oneOpModels } from './one-op-models.ts';

interface Flags {
  readonly only?: string;
  readonly backend: 'wasm' | 'webgpu';
  readonly gpu: 'software' | 'hardware';
  readonly rounds: string;
  readonly models?: true;
  readonly sweep?: true;
}

interface Row {
  readonly name: string;
  readonly report: Report;
  readonly result: BenchResult;
  readonly codeBrotli: number;
  readonly buildSeconds: number;
}

const flags = new Command('bench')
  .description('lcc beside onnxruntime-web in one Chromium page: interleaved, order reversed every round, one thread.')
  .option('--only <text>', 'cases whose name holds this')
  .option('--models', 'only the real models of the shared folder')
  .option('--sweep', 'only the one-op models')
  .option('--backend <name>', 'wasm or webgpu', 'wasm')
  .option('--gpu <kind>', 'software (times mean nothing) or hardware', 'software')
  .option('--rounds <count>', 'rounds per case', '30')
  .parse()
  .opts<Flags>();

const { bench, close } = await openBench(flags.gpu);
try {
  if (!flags.sweep) await benchModels();
  if (!flags.models) await benchSweep();
} finally {
  await close();
}

/** What the issue of a release asks for: code size, first output, steady time, memory. */
async function benchModels(): Promise<void> {
  const shared = sharedFolder();
  if (shared === undefined) {
    console.log('real models: skipped, there is no shared folder\n');
    return;
  }
  const rows: Row[] = [];
  for (const name of referenceModelNames.filter(isChosen)) {
    rows.push(await measure(name, await readFile(join(shared, 'models', `${name}.onnx`)), 9));
  }
  if (rows.length === 0) return;
  const cells = rows.map(({ name, report, result, codeBrotli, buildSeconds }) => {
    const [ours, other] = [engineOf(result, 'lcc'), engineOf(result, 'onnxruntime-web')];
    return [
      name,
      printBytes(codeBrotli),
      `${buildSeconds.toFixed(1)} s`,
      printBytes(report.memory.constants + report.memory.arena),
      String(sumOf(report, (kernel) => kernel.calls)),
      printBytes(sumOf(report, (kernel) => kernel.bytes)),
      printPair(ours?.first, other?.first),
      printPair(ours?.median, other?.median),
      result.worst.toExponential(1),
    ];
  });
  const head = [
    'model',
    'code brotli',
    'build',
    'memory',
    flags.backend === 'webgpu' ? 'dispatches' : 'kernel calls',
    'bytes per run',
    'first output',
    `${flags.backend} run`,
    'difference',
  ];
  console.log(printTable([head, ...cells]));
  console.log(`geometric mean ${geometricMean(rows.map((row) => ratioOf(row))).toFixed(2)}x\n`);
}

function sumOf(report: Report, count: (kernel: KernelReport) => number): number {
  return report.kernels.filter((k) => k.backend === flags.backend).reduce((sum, k) => sum + count(k), 0);
}

/** Shapes of work one by one: no ratio below 1. */
async function benchSweep(): Promise<void> {
  const rows: Row[] = [];
  for (const { name, bytes } of oneOpModels.filter((model) => isChosen(model.name))) {
    rows.push(await measure(name, bytes, 0));
    process.stderr.write('.');
  }
  if (rows.length === 0) return;
  process.stderr.write('\n');
  const sorted = [...rows].sort((a, b) => ratioOf(a, 'lcc reusing') - ratioOf(b, 'lcc reusing'));
  const cells = sorted.map(({ name, report, result }) => {
    const other = engineOf(result, 'onnxruntime-web')?.median;
    const reusing = engineOf(result, 'lcc reusing')?.median;
    const speed = (report.macs / 1e6 / (reusing ?? Number.NaN)).toFixed(1);
    const fresh = printPair(engineOf(result, 'lcc')?.median, other);
    return [name, printPair(reusing, other), fresh, `${speed} GMAC/s`, result.worst.toExponential(1)];
  });
  const head = ['one op', `${flags.backend} run, results reused`, 'fresh results', 'speed', 'difference'];
  console.log(printTable([head, ...cells]));
  for (const engine of ['lcc reusing', 'lcc'] as const) {
    const ratios = rows.map((row) => ratioOf(row, engine));
    const slowest = Math.min(...ratios);
    const name = rows[ratios.indexOf(slowest)]?.name;
    console.log(
      `${engine}: slowest ${slowest.toFixed(2)}x (${name}), geometric mean ${geometricMean(ratios).toFixed(2)}x`,
    );
  }
}

async function measure(name: string, model: Uint8Array, coldPages: number): Promise<Row> {
  const start = performance.now();
  const bundle = await compile(model, { target: 'mobile-webgpu', backends: [flags.backend] });
  const folder = await mkdtemp(join(tmpdir(), 'lcc-bench-'));
  try {
    const out = join(folder, 'bundle');
    await bundle.write(out);
    const buildSeconds = (performance.now() - start) / 1000;
    const { rows } = await check(out, { limits: [] });
    const code = rows.find((row) => row.measure === 'code' && row.encoding === 'brotli');
    const result = await bench({
      bundle: out,
      rivals: [onnxRuntimeEngine(model)],
      inputs: bundle.report.inputs,
      outputs: bundle.report.outputs,
      backend: flags.backend,
      rounds: Number(flags.rounds),
      coldPages,
      reusesResults: coldPages === 0,
    });
    return { name, report: bundle.report, result, codeBrotli: code?.actual ?? Number.NaN, buildSeconds };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function isChosen(name: string): boolean {
  return flags.only === undefined || name.includes(flags.only);
}

function engineOf({ engines }: BenchResult, name: EngineName): EngineResult | undefined {
  return engines.find(({ engine }) => engine === name);
}

function ratioOf({ result }: Row, engine: EngineName = 'lcc'): number {
  const other = engineOf(result, 'onnxruntime-web')?.median ?? Number.NaN;
  return other / (engineOf(result, engine)?.median ?? Number.NaN);
}

/** Ours, theirs, how many times faster. */
function printPair(ours = Number.NaN, theirs = Number.NaN): string {
  const ms = (value: number) => value.toFixed(value < 1 ? 3 : 2);
  return `${ms(ours)} / ${ms(theirs)} ms ${(theirs / ours).toFixed(2)}x`;
}

function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}
