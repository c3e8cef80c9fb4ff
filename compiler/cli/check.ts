import { resolve } from 'node:path';
import { Command } from 'commander';
import { check } from '../6-budget/check.ts';
import { readBudget } from '../6-budget/parse-budget.ts';
import { readBaseline } from '../6-budget/read-bundle.ts';
import { reporterNames, reporters } from '../6-budget/reporters/index.ts';
import { unknownChoice } from '../diagnostics/cli.ts';
import type { ExitCode, Io } from './io.ts';
import type { MakeCommand } from './run.ts';

interface CheckFlags {
  readonly budget?: string;
  readonly baseline?: string;
  readonly reporter: string;
  readonly json?: true;
}

const notes = `
total is what one visitor downloads: code (JavaScript and the largest wasm module) and weights.
Each is measured raw, after gzip and after brotli. Exit code 1 when a limit is exceeded.

Examples:
  lcc check dist/model --budget 300KB
  lcc check dist/model --budget '{"code": "30KB", "weights": {"raw": "1MB"}}' --baseline main/lcc.json`;

export const checkCommand: MakeCommand = (io, finish) =>
  new Command('check')
    .description('Measure a bundle against a budget.')
    .argument('<bundle>', 'a folder that lcc build wrote')
    .option('--budget <size or file>', 'limits: a size, inline JSON, or a JSON file')
    .option('--baseline <lcc.json>', 'manifest of an earlier build: tells what grew')
    .option('--reporter <list>', `forms of the result: ${reporterNames.join(',')}`, 'text')
    .option('--json', 'the same as --reporter json')
    .addHelpText('after', notes)
    .action(async (folder: string, flags: CheckFlags) => finish(await checkBundle(folder, flags, io)));

async function checkBundle(folder: string, flags: CheckFlags, io: Io): Promise<ExitCode> {
  const chosen = (flags.json ? 'json' : flags.reporter).split(',').map((text) => {
    const name = reporterNames.find((known) => known === text.trim());
    if (name === undefined) throw unknownChoice('reporter', text.trim(), reporterNames);
    return reporters[name];
  });
  const { budget, baseline } = flags;
  const limits =
    budget === undefined ? { limits: [] } : readBudget(budget.endsWith('.json') ? resolve(io.cwd, budget) : budget);
  const before = baseline === undefined ? undefined : await readBaseline(resolve(io.cwd, baseline));
  const result = await check(resolve(io.cwd, folder), limits, before);
  for (const report of chosen) io.stdout(report(result));
  return result.isWithin ? 0 : 1;
}
