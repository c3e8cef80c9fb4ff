import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readImports, repository } from '../harness/source-imports.ts';

const atStart = readImports(['compiler', 'targets', 'runtime']).filter(({ when }) => when === 'start');

/** Everything that loads when a file does, files and packages. */
function reach(entry: string, seen = new Set<string>()): ReadonlySet<string> {
  seen.add(entry);
  for (const { from, to } of atStart) if (from === entry && !seen.has(to)) reach(to, seen);
  return seen;
}

test('the command line loads little before it knows the command', () => {
  const packages = [...reach('compiler/cli/main.ts')].filter((id) => !id.endsWith('.ts') && !id.startsWith('node:'));
  expect(packages.sort()).toEqual(['commander', 'picocolors']);
});

test.each(['rollup', 'vite'])('the plugin for %s loads none of the compiler before it sees a model', (name) => {
  const reached = [...reach(`compiler/plugin/${name}.ts`)];
  expect(reached).toContain('compiler/plugin/choose-settings.ts');
  for (const heavy of ['compiler/compile.ts', 'compiler/1-ingest/ingest.ts', 'binaryen', 'ts-morph', 'playwright-core'])
    expect(reached).not.toContain(heavy);
});

test('compiling in this process loads what generates code, not what prints it', () => {
  const reached = reach('compiler/index.ts');
  expect([...reached]).toContain('binaryen');
  for (const name of ['ts-morph', 'rollup', 'playwright-core', 'jiti']) expect([...reached]).not.toContain(name);
});

test('a reader that leaves early, such as head, changes no exit code', async () => {
  const jiti = join(repository, 'node_modules/jiti/lib/jiti-cli.mjs');
  const main = join(repository, 'compiler/cli/main.ts');
  const child = spawn(process.execPath, [jiti, main, 'targets', '--json']);
  child.stdout.destroy();
  let told = '';
  child.stderr.on('data', (text) => (told += text));
  expect([await once(child, 'close'), told]).toEqual([[0, null], '']);
});

const command = join(repository, 'dist/compiler/cli/main.js');

test.skipIf(!existsSync(command))('what is compiled may be called as npx calls it', () => {
  expect(execFileSync(command, ['--version']).toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
});
