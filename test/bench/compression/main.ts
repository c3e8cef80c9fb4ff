import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { printTable } from '../../../compiler/describe/table.ts';
import { sharedFolder } from '../../harness/shared.ts';
import type { BenchCase, CaseResult } from './case.ts';
import { benchCases } from './cases/index.ts';

/** Run from the repository's root; results are committed. */
const results = join('test', 'bench', 'compression', 'results');
const trained = join('.lcc', 'bench');

const names = process.argv.slice(2);
const unknown = names.filter((name) => benchCases.every((one) => one.name !== name));
if (unknown.length > 0) {
  throw new Error(
    `There is no case ${unknown.join(', ')}; there are ${benchCases.map(({ name }) => name).join(', ')}.`,
  );
}
const shared = sharedFolder();
if (shared === undefined) throw new Error('Name the folder of data sets and models in LCC_SHARED.');
await mkdir(results, { recursive: true });
for (const one of benchCases) if (names.length === 0 || names.includes(one.name)) await runCase(one, shared);

async function runCase(one: BenchCase, folder: string): Promise<void> {
  console.log(`${one.name}\n`);
  const start = performance.now();
  const result = await one.run({ shared: folder, trained });
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(printTable(result.table));
  for (const { goal, measured, isMet } of result.goals)
    console.log(`${isMet ? 'met' : 'NOT met'}: ${goal}: ${measured}`);
  console.log(`${seconds} s\n`);
  await writeFile(join(results, `${one.name}.json`), printResult(one.name, result, seconds));
}

function printResult(name: string, { data, goals, figures }: CaseResult, seconds: number): string {
  const machine = `${cpus().length} cores, ${process.arch}, Node ${process.versions.node}`;
  const command = `npm run bench:compression -- ${name}`;
  return `${JSON.stringify({ case: name, command, data, machine, seconds, goals, figures }, null, 2)}\n`;
}
