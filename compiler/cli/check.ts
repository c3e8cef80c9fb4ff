import { resolve } from 'node:path';
import { Command } from 'commander';
import { exitCodeOf, worstOf } from '../6-budget/check-result.ts';
import { type ReporterName, reporterNames, reporters } from '../6-budget/reporters/index.ts';
import { writeWhole } from '../data/write-whole.ts';
import { resultNotWritten } from '../diagnostics/budget.ts';
import { flagInvalid, unknownChoice } from '../diagnostics/cli.ts';
import { type Checked, type CheckFlags, checkEach } from './check-bundles.ts';
import { withDeviceFlags } from './device-flags.ts';
import type { ExitCode, Io } from './io.ts';
import type { MakeCommand } from './run.ts';

const collectList = (list: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...list.split(','),
];

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
  lcc check dist/model --device phone-low --device my-phone.json
  lcc check dist/* --shard 1/3 --reporter text,json=part-1.json
  lcc check --merge part-1.json part-2.json part-3.json --reporter junit=check.xml`;

export const checkCommand: MakeCommand = (io, finish) =>
  withDeviceFlags(
    new Command('check')
      .description('Measure bundles against a budget.')
      .argument('<bundle...>', 'folders that lcc build wrote; with --merge, results of lcc check as JSON')
      .option('--budget <size or file>', 'limits: a size, inline JSON, or a JSON file')
      .option(
        '--device <profile>',
        'a device profile, by name or file, to tell times of (lcc targets lists them); repeat it for more',
        collectList,
      )
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
  const { results, shard } = flags.merge ? await merge(named, io) : await checkEach(named, flags, io);
  for (const { name, file } of outlets) {
    const text = reporters[name](results, shard);
    if (file === undefined) io.stdout(text);
    else write(resolve(io.cwd, file), text);
  }
  const verdicts = results.flatMap(({ rows }) => rows.map(({ verdict }) => verdict));
  const counted = flags.allowInconclusive ? verdicts.filter((verdict) => verdict !== 'inconclusive') : verdicts;
  return exitCodeOf({ verdict: worstOf(counted) });
}

async function merge(files: readonly string[], io: Io): Promise<Checked> {
  const { mergeResults } = await import('../6-budget/merge-results.ts');
  return { results: await mergeResults(files.map((file) => resolve(io.cwd, file))) };
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
