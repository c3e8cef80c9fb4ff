import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readResult, resultFile } from '../bench/training/result-files.ts';
import { studies } from '../bench/training/studies/index.ts';
import type { Study } from '../bench/training/study.ts';
import { printTables, tablesIn, withTables } from '../bench/training/tables.ts';

const bench = join('test', 'bench', 'training');
const readme = readFileSync(join(bench, 'README.md'), 'utf8');

/** Every file that a study may have written. */
const expected = new Map(
  studies.flatMap((study) =>
    study.runs.flatMap(({ data, seeds }) =>
      study.arms.flatMap(({ name: arm }) =>
        seeds.map((seed) => [resultFile(study.name, arm, data, seed), { study: study.name, arm, data, seed }] as const),
      ),
    ),
  ),
);

test('results belong to arms that there are, under their names', () => {
  const folder = join(bench, 'results');
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  for (const file of files.filter((name) => name.includes('.'))) {
    const path = join(folder, file);
    expect([...expected.keys()]).toContain(path);
    const result = readResult(path);
    expect(result).toMatchObject(expected.get(path) ?? {});
    expect(result?.seconds).toBeGreaterThanOrEqual(0);
    expect(Object.keys(result?.figures ?? {})).not.toEqual([]);
    for (const value of Object.values(result?.figures ?? {}).flat())
      if (typeof value !== 'string') expect(Number.isFinite(value), `${file}: ${value}`).toBe(true);
  }
});

test('every arm has a file of its own, and begins with arms that there are', () => {
  const runs = studies.flatMap(({ runs: all, arms }) => all.flatMap(({ seeds }) => arms.flatMap(() => seeds)));
  expect(expected.size).toBe(runs.length);
  for (const { arms } of studies)
    for (const { after = [] } of arms) expect(arms.map(({ name }) => name)).toEqual(expect.arrayContaining([...after]));
});

test('the tables of the README are those of the results, and it names every study', () => {
  expect(tablesIn(readme)).toBe(printTables(studies));
  for (const { name } of studies) expect(readme).toContain(`| \`${name}\` |`);
});

test('what was between the markers is replaced', () => {
  const written = withTables(readme, '## New');
  expect(tablesIn(written)).toBe('## New');
  expect(withTables(written, tablesIn(readme))).toBe(withTables(readme, tablesIn(readme)));
  expect(() => tablesIn('# No markers')).toThrow('tables: begin');
});

test('a study without results prints nothing', () => {
  const [study] = studies;
  if (!study) throw new Error('no studies');
  const unknown: Study = { ...study, name: 'a study that never ran' };
  expect(printTables([unknown])).toBe('');
});
