import { Command } from 'commander';
import { targets } from '../../targets/index.ts';
import type { MakeCommand } from './run.ts';
import { printTable } from './table.ts';

export const targetsCommand: MakeCommand = (io, finish) =>
  new Command('targets')
    .description('List what lcc can build for.')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: true }) => {
      const rows = Object.values(targets);
      if (json) io.stdout(`${JSON.stringify(rows, undefined, 2)}\n`);
      else io.stdout(printTable(rows.map((target) => [target.name, target.backends.join(', '), target.description])));
      finish(0);
    });
