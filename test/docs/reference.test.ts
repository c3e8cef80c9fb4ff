import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../harness/source-imports.ts';
import { docOf } from './reference/declaration.ts';
import { exportsOf } from './reference/entry-page.ts';
import { entries, makePages, readSources } from './reference/pages.ts';

const sources = readSources();
const folder = join(repository, 'docs/api');

test('the reference is what the sources say: npm run docs writes it anew', async () => {
  const pages = await makePages(sources);
  expect([...pages.keys()].sort()).toEqual(readdirSync(folder).sort());
  for (const [name, text] of pages) expect(text).toBe(readFileSync(join(folder, name), 'utf8'));
});

test('its entries are those of the package', () => {
  const { exports } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const specifiers = Object.keys(exports).map((path) => path.replace(/^\./, 'lcc'));
  expect(entries.map(({ specifier }) => specifier)).toEqual(specifiers);
  const sourcesOf = Object.values<{ import: string }>(exports).map(({ import: file }) =>
    file.replace('./dist/', '').replace(/\.js$/, '.ts'),
  );
  expect(entries.map(({ source }) => source)).toEqual(sourcesOf);
});

/** What a comment says beside its tags. */
const descriptionOf = (doc: string): string => doc.replace(/^\s*@\w.*/ms, '').trim();

test('every exported name has a doc comment', () => {
  const bare = entries.flatMap((entry) =>
    exportsOf(sources, entry).flatMap(([name, declaration]) =>
      descriptionOf(docOf(declaration)) === ''
        ? [`${entry.specifier}: ${name} in ${declaration.getSourceFile().getBaseName()}`]
        : [],
    ),
  );
  expect(bare).toEqual([]);
});
