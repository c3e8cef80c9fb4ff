import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../harness/source-imports.ts';
import { makePages } from './pages.ts';

const folder = join(repository, 'docs/api');
mkdirSync(folder, { recursive: true });
for (const [name, text] of await makePages()) writeFileSync(join(folder, name), text);
