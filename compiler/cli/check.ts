import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { type CheckOptions, check } from '../6-budget/check.ts';
import { type CheckResult, exitCodeOf, worstOf } from '../6-budget/check-result.ts';
import type { Device, DeviceChoice } from '../6-budget/device/index.ts';
import type { Budget } from '../6-budget/parse-budget.ts';
import { type ReporterName, reporterNames, reporters } from '../6-budget/reporters/index.ts';
import { writeWhole } from '../data/write-whole.ts';
import { resultNotWritten } from '../diagnostics/budget.ts';
import { flagInvalid, unknownChoice } from '../diagnostics/cli.ts';
import { budgetFrom, placeData } from '../place-settings.ts';
import { findConfig, readBuildModule } from '../read-config.ts';
import { type DeviceFlags, parseDeviceFlags, withDeviceFlags } from './device-flags.ts';
import type { ExitCode, Io } from './io.ts';
import { makeProgressLine } from './progress.ts';
import type { MakeCommand } from './run.ts';

interface CheckFlags extends DeviceFlags {
  readonly budget?: string;
  readonly device?: readonly string[];
  readonly baseline?: string;
  readonly reporter: string;
  readonly json?: true;
  readonly times?: true;
  readonly rounds?: string;
  readonly evaluation?: string;
  readonly metric?: string;
  readonly shard?: string;
  readonly merge?: true;
  readonly allowInconclusive?: true;
}

const usualReporter: ReporterName = 'text';

const notes = `
Without --budget, lcc.budget.json of this folder, else the budget of its lcc.config.ts. Sizes are of what
one visitor downloads, raw, after gzip and after brotli. Times are measured in a headless browser beside
a calibration kernel, where the budget limits them; those of a device profile are worked out from that,
and called estimated. A time is over only where its whole confidence interval is.

Exit code: 0 within budget, 1 over it, 2 where that could not be told.

Examples:
  lcc check dist/model --budget 300KB
  lcc check dist/model --budget '{"code": "30KB", "latency": {"p95": "8 ms"}}' --baseline main
  lcc check dist/model --remote --times
  lcc check dist/* --shard 1/3 --reporter text,json=part-1.json
  lcc check --merge part-1.json part-2.json part-3.json --reporter junit=check.xml`;

export const checkCommand: MakeCommand = (io, finish) =>
  withDeviceFlags(
    new Command('check')
      .description('Measure bundles against a budget.')
      .argument('<bundle...>', 'folders that lcc build wrote; with --merge, results of lcc check as JSON')
      .option('--budget <size or file>', 'limits: a size, inline JSON, or a JSON file')
      .option('--device <profile...>', 'device profiles, by name or file, to tell times of (lcc targets lists them)')
      .option('--baseline <lcc.json or git ref>', 'an earlier build: tells what grew')
      .option(
        '--reporter <list>',
        `forms of the result: ${reporterNames.join(',')}; form=file writes it there`,
        usualReporter,
      )
      .option('--json', 'the same as --reporter json')
      .option('--times', 'measure latency and cold start without limits too')
      .option('--rounds <count>', 'rounds of each of the three pages that time runs', '100')
      .option('--evaluation <data>', 'inputs with labels: measures the accuracy on them')
      .option('--metric <name>', 'of --evaluation (default: top-1)')
      .option('--shard <i/n>', 'check only every n-th bundle, from the i-th on')
      .option('--merge', 'bring together what shards wrote as JSON')
      .option('--allow-inconclusive', 'exit code 0 where times are neither within nor past their limits'),
  )
    .addHelpText('after', notes)
    .action(async (bundles: readonly string[], flags: CheckFlags) => finish(await checkAll(bundles, flags, io)));

async function checkAll(named: readonly string[], flags: CheckFlags, io: Io): Promise<ExitCode> {
  const outlets = parseReporters(flags);
  const results = flags.merge ? await merge(named, io) : await checkEach(shardOf(named, flags.shard), flags, io);
  for (const { name, file } of outlets) {
    const text = reporters[name](results);
    if (file === undefined) io.stdout(text);
    else write(resolve(io.cwd, file), text);
  }
  const verdicts = results.flatMap(({ rows }) => rows.map(({ verdict }) => verdict));
  const counted = flags.allowInconclusive ? verdicts.filter((verdict) => verdict !== 'inconclusive') : verdicts;
  return exitCodeOf({ verdict: worstOf(counted) });
}

async function merge(files: readonly string[], io: Io): Promise<CheckResult[]> {
  const { mergeResults } = await import('../6-budget/merge-results.ts');
  return mergeResults(files.map((file) => resolve(io.cwd, file)));
}

async function checkEach(bundles: readonly string[], flags: CheckFlags, io: Io): Promise<CheckResult[]> {
  const budget = await findBudget(flags.budget, io.cwd);
  const choice = parseDeviceFlags(flags);
  const device = await shareDevice(choice, io);
  const options: CheckOptions = {
    openDevice: device.open,
    isRemote: choice.kind !== 'local',
    cwd: io.cwd,
    ...(flags.device && { devices: flags.device.flatMap((list) => list.split(',')) }),
    ...(flags.times && { times: true }),
    ...(flags.rounds !== undefined && { rounds: parseRounds(flags.rounds) }),
    ...(flags.evaluation !== undefined && placeData({ evaluation: flags.evaluation }, io.cwd)),
    ...(flags.metric !== undefined && { metric: flags.metric }),
  };
  const results: CheckResult[] = [];
  const progress = makeProgressLine(io);
  try {
    for (const named of bundles) {
      const folder = resolve(io.cwd, named);
      const baseline = flags.baseline === undefined ? undefined : await baselineOf(flags.baseline, folder, io.cwd);
      results.push(await check(folder, budget, { ...options, baseline, onProgress: progress.rewrite }));
    }
  } finally {
    progress.stop();
    await device.close();
  }
  return results;
}

/** One device for all bundles, opened when the first asks for it: nobody joins a phone for each. */
async function shareDevice(choice: DeviceChoice, io: Io) {
  const { openDevice } = await import('../6-budget/device/index.ts');
  let opened: Promise<Device> | undefined;
  return {
    open: async (): Promise<Device> => {
      opened ??= openDevice(choice, io.stderr, io.isTerminal);
      return { ...(await opened), close: async () => {} };
    },
    close: async (): Promise<void> => {
      const device = await opened?.catch(() => undefined);
      await device?.close();
    },
  };
}

async function baselineOf(baseline: string, folder: string, cwd: string) {
  const { readBaseline } = await import('../6-budget/read-baseline.ts');
  return readBaseline(baseline, folder, cwd);
}

/** What was named, else lcc.budget.json of the folder, else what its configuration says; else nothing is limited. */
async function findBudget(named: string | undefined, cwd: string): Promise<Budget> {
  const usual = 'lcc.budget.json';
  const text = named ?? (existsSync(join(cwd, usual)) ? usual : undefined);
  if (text !== undefined) return budgetFrom(text, cwd) ?? { limits: [] };
  const config = findConfig(cwd);
  const module = config === undefined ? undefined : await readBuildModule(config);
  const budget = module?.kind === 'config' ? budgetFrom(module.config.budget, cwd) : undefined;
  return budget ?? { limits: [] };
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 10) throw flagInvalid('--rounds', text, 'a count of 10 or more');
  return rounds;
}

/** @throws LccError LCC0002, LCC0003 */
function parseReporters({
  json,
  reporter,
}: CheckFlags): { readonly name: ReporterName; readonly file: string | undefined }[] {
  const lists = json ? ['json', ...(reporter === usualReporter ? [] : [reporter])] : [reporter];
  return lists
    .join()
    .split(',')
    .map((text) => {
      const [form = '', ...rest] = text.trim().split('=');
      const name = reporterNames.find((known) => known === form);
      if (name === undefined) throw unknownChoice('reporter', form, reporterNames);
      const file = rest.length === 0 ? undefined : rest.join('=');
      if (file === '') throw flagInvalid('--reporter', text, 'form or form=file');
      return { name, file };
    });
}

/** @throws LccError LCC6110 */
function write(file: string, text: string): void {
  try {
    writeWhole(file, text);
  } catch (error) {
    throw resultNotWritten(file, error instanceof Error ? error.message : String(error));
  }
}

/** @throws LccError LCC0002 */
function shardOf(bundles: readonly string[], shard: string | undefined): readonly string[] {
  if (shard === undefined) return bundles;
  const [, i = 0, n = 0] = (/^(\d+)\/(\d+)$/.exec(shard) ?? []).map(Number);
  if (!(i >= 1 && i <= n)) throw flagInvalid('--shard', shard, 'i/n, such as 1/3');
  return [...bundles].sort().filter((_, position) => position % n === i - 1);
}
