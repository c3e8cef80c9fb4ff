import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { studies } from './studies/index.ts';
import { printTables, withTables } from './tables.ts';

/** From the repository's root. */
const readme = join('test', 'bench', 'training', 'README.md');

/** The tables of the README from the results there are; with --write they replace those in it. */
const { values } = parseArgs({ options: { write: { type: 'boolean' } } });
const tables = printTables(studies);
if (values.write) writeFileSync(readme, withTables(readFileSync(readme, 'utf8'), tables));
else console.log(tables);
