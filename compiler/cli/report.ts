import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { Backend } from '../../targets/target.ts';
import { readWholeManifest } from '../6-budget/read-whole-manifest.ts';
import { writeWhole } from '../data/write-whole.ts';
import { printTable } from '../describe/table.ts';
import { measuredNotReadable, reportNotWritten } from '../diagnostics/report.ts';
import type { KernelTimes, Manifest } from '../ir/report.ts';
import { printDuration } from '../quantity/duration.ts';
import { printShare } from '../quantity/share.ts';
import { backends, parseBackend, parseGpu } from './device-flags.ts';
import type { Io } from './io.ts';
import type { MakeCommand } from './run.ts';

interface ReportFlags {
  readonly out?: string;
  readonly backend: string;
  readonly gpu: string;
  readonly json?: true;
}

const notes = `
Opens the bundle in a headless Chrome or Chromium, feeds it random numbers, takes the time of every
kernel on one backend, and writes report.html anew with the times of each backend that was measured;
lcc.measured.json keeps them. Everything else in report.html is the same on every machine, and lcc
build has written it already. On WebGPU every kernel becomes a pass of its own between two timestamps.
A software GPU is measured only with --gpu software: its times mean nothing.

Examples:
  lcc report dist/model
  lcc report dist/model --backend webgpu
  lcc report dist/model -o report.html`;

export const reportCommand: MakeCommand = (io, finish) =>
  new Command('report')
    .description('Measure every kernel of a bundle and write its report.html.')
    .argument('<bundle>', 'a folder that lcc build wrote')
    .option('-o, --out <file>', 'the report (default: report.html in the bundle)')
    .option('--backend <name>', 'wasm or webgpu', 'wasm')
    .option('--gpu <kind>', 'of WebGPU: software or hardware', 'hardware')
    .option('--json', 'print the times as JSON')
    .addHelpText('after', notes)
    .action(async (folder: string, flags: ReportFlags) => {
      await report(resolve(io.cwd, folder), flags, io);
      finish(0);
    });

async function report(folder: string, { out, backend, gpu, json }: ReportFlags, io: Io): Promise<void> {
  const choice = { backend: parseBackend(backend), gpu: parseGpu(gpu) };
  const manifest = await readWholeManifest(folder);
  const measuredFile = join(folder, 'lcc.measured.json');
  const measured = await readMeasured(measuredFile);
  const before = readTimes(measuredFile, measured, manifest);
  const { printReport } = await import('../5-emit/report/print-report.ts');
  const kernels = await measure(folder, manifest, choice);
  const times = backends.flatMap((name) => [kernels, ...before].find((one) => one.backend === name) ?? []);
  const file = out === undefined ? join(folder, 'report.html') : resolve(io.cwd, out);
  write(file, printReport(manifest, times));
  write(measuredFile, `${JSON.stringify({ ...measured, kernels: times }, undefined, 2)}\n`);
  io.stdout(
    json
      ? `${JSON.stringify({ report: file, kernels }, undefined, 2)}\n`
      : `${file}\n${printSlowest(manifest, kernels)}`,
  );
}

async function measure(
  folder: string,
  manifest: Manifest,
  { backend, gpu }: { readonly backend: Backend; readonly gpu: 'software' | 'hardware' },
): Promise<KernelTimes> {
  if (backend === 'wasm') {
    const { measureKernels } = await import('../6-budget/kernel-times/measure-kernels.ts');
    return measureKernels(folder, manifest);
  }
  const { measureWebGpuKernels } = await import('../6-budget/kernel-times/measure-webgpu-kernels.ts');
  return measureWebGpuKernels(folder, manifest, { gpu });
}

interface Measured {
  /** a list, of one backend alone from an earlier lcc */
  readonly kernels?: unknown;
}

/** What was measured before; nothing where there is no such file. @throws LccError LCC6302 */
async function readMeasured(file: string): Promise<Measured> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw measuredNotReadable(file, error.message);
  });
  const measured = parse(text);
  if (measured === undefined) throw measuredNotReadable(file, 'it is no JSON object');
  return measured;
}

/** @throws LccError LCC6302 */
function readTimes(file: string, { kernels = [] }: Measured, { calls = [] }: Partial<Manifest>): KernelTimes[] {
  return [kernels].flat().map((one: unknown) => {
    if (!isTimes(one) || one.calls.length !== calls.length) {
      throw measuredNotReadable(file, 'its kernels are not those of this bundle');
    }
    return one;
  });
}

/** Its mark and its calls are checked; the rest is trusted to whoever set the mark. */
function isTimes(value: unknown): value is KernelTimes {
  if (typeof value !== 'object' || value === null || !('backend' in value) || !('calls' in value)) return false;
  return backends.some((name) => name === value.backend) && Array.isArray(value.calls);
}

function parse(text: string): Measured | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @throws LccError LCC6303 */
function write(file: string, text: string): void {
  try {
    writeWhole(file, text);
  } catch (error) {
    throw reportNotWritten(file, error instanceof Error ? error.message : String(error));
  }
}

const mostRows = 10;

function printSlowest({ calls, kernels }: Manifest, times: KernelTimes): string {
  const { backend, milliseconds, runs, browser } = times;
  const own = kernels.filter((kernel) => kernel.backend === backend);
  const rows = calls
    .map(({ kernel, value }, i) => ({ value, name: own[kernel]?.name ?? '', ms: times.calls[i] ?? 0 }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, mostRows)
    .map(({ value, name, ms }) => [value, name, printDuration(ms), printShare(ms / (milliseconds.sum || 1))]);
  const whole = `one run ${printDuration(milliseconds.whole)}, its kernels ${printDuration(milliseconds.sum)}; means of ${runs} runs in ${browser}`;
  return `${printTable([['value', 'kernel', 'time', 'share'], ...rows])}${whole}${printAdapter(times)}\n`;
}

function printAdapter(times: KernelTimes): string {
  if (times.backend === 'wasm') return '';
  return ` on ${times.adapter}${times.isSoftware ? '\nthe adapter is software: its times mean nothing' : ''}`;
}
