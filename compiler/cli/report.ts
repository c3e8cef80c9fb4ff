import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { readManifest } from '../6-budget/read-bundle.ts';
import { writeWhole } from '../data/write-whole.ts';
import { measuredNotReadable, reportNotWritten } from '../diagnostics/report.ts';
import type { KernelTimes, Manifest } from '../ir/bundle.ts';
import { printTable } from '../table.ts';
import type { Io } from './io.ts';
import type { MakeCommand } from './run.ts';

interface ReportFlags {
  readonly out?: string;
  readonly json?: true;
}

const notes = `
Opens the bundle in a headless Chrome or Chromium, feeds it random numbers, takes the time of every
wasm kernel, and writes report.html anew with them; lcc.measured.json keeps them. Everything else in
report.html is the same on every machine, and lcc build has written it already. WebGPU kernels are
listed without times.

Examples:
  lcc report dist/model
  lcc report dist/model -o report.html`;

export const reportCommand: MakeCommand = (io, finish) =>
  new Command('report')
    .description('Measure every kernel of a bundle and write its report.html.')
    .argument('<bundle>', 'a folder that lcc build wrote')
    .option('-o, --out <file>', 'the report (default: report.html in the bundle)')
    .option('--json', 'print the times as JSON')
    .addHelpText('after', notes)
    .action(async (folder: string, flags: ReportFlags) => {
      await report(resolve(io.cwd, folder), flags, io);
      finish(0);
    });

async function report(folder: string, { out, json }: ReportFlags, io: Io): Promise<void> {
  const manifest = await readManifest(folder);
  const measuredFile = join(folder, 'lcc.measured.json');
  const measured = await readMeasured(measuredFile);
  const { printReport } = await import('../5-emit/report/print-report.ts');
  const { measureKernels } = await import('../6-budget/kernel-times/measure-kernels.ts');
  const kernels = await measureKernels(folder, manifest);
  const file = out === undefined ? join(folder, 'report.html') : resolve(io.cwd, out);
  write(file, printReport(manifest, kernels));
  write(measuredFile, `${JSON.stringify({ ...measured, kernels }, undefined, 2)}\n`);
  io.stdout(
    json
      ? `${JSON.stringify({ report: file, kernels }, undefined, 2)}\n`
      : `${file}\n${printSlowest(manifest, kernels)}`,
  );
}

/** What was measured before; nothing where there is no such file. @throws LccError LCC6302 */
async function readMeasured(file: string): Promise<object> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw measuredNotReadable(file, error.message);
  });
  const measured = parse(text);
  if (measured === undefined) throw measuredNotReadable(file, 'it is no JSON object');
  return measured;
}

function parse(text: string): object | undefined {
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

function printSlowest(
  { calls, kernels }: Manifest,
  { milliseconds, calls: times, runs, browser }: KernelTimes,
): string {
  const wasm = kernels.filter(({ backend }) => backend === 'wasm');
  const rows = calls
    .map(({ kernel, value }, i) => ({ value, name: wasm[kernel]?.name ?? '', ms: times[i] ?? 0 }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, mostRows)
    .map(({ value, name, ms }) => [value, name, printMs(ms), `${((100 * ms) / (milliseconds.sum || 1)).toFixed(1)} %`]);
  const whole = `one run ${printMs(milliseconds.whole)}, its kernels ${printMs(milliseconds.sum)}; means of ${runs} runs in ${browser}\n`;
  return `${printTable([['value', 'kernel', 'time', 'share'], ...rows])}${whole}`;
}

const printMs = (ms: number): string => `${ms.toPrecision(3)} ms`;
