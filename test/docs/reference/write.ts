import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeBudgetSchema } from '../../../compiler/6-budget/budget-schema.ts';
import { repository } from '../../harness/source-imports.ts';
import { makePages } from './pages.ts';

const folder = join(repository, 'docs/api');
mkdirSync(folder, { recursive: true });
for (const [name, text] of await makePages()) writeFileSync(join(folder, name), text);

const schema = join(repository, 'compiler/6-budget/budget.schema.json');
writeFileSync(schema, `${JSON.stringify(makeBudgetSchema(), undefined, 2)}\n`);
