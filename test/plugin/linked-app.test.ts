import { execFileSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { repository } from '../harness/source-imports.ts';
import { makeApp } from './app.ts';

const modules = join(repository, 'node_modules');

/** What TypeScript prints, line by line. */
function runTypeScript(folder: string, ...options: readonly string[]): string[] {
  const tsc = join(modules, 'typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, ...options], { cwd: folder });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout: Buffer };
    return stdout.toString().trim().split('\n');
  }
}

const tsconfig = (file: string, options: object): string =>
  JSON.stringify({
    compilerOptions: {
      target: 'ES2022',
      module: 'ESNext',
      moduleResolution: 'bundler',
      strict: true,
      noEmit: true,
      ...options,
    },
    files: [file],
  });

/** lcc as `npm install <path to the clone>` puts it into an app, with the types that `npm run compile` gives it. */
describe('an app that links lcc', () => {
  const app = makeApp({});

  beforeAll(() => {
    const clone = app.at('clone');
    const build = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', join(clone, 'dist')];
    expect(runTypeScript(repository, ...build)).toEqual([]);
    cpSync(join(repository, 'package.json'), join(clone, 'package.json'));
    symlinkSync(modules, join(clone, 'node_modules'));
    symlinkSync(clone, app.at('node_modules/lcc'));
  });

  test('may give the plugin to a Vite of its own', () => {
    cpSync(join(modules, 'vite'), app.at('node_modules/vite'), { recursive: true });
    symlinkSync(join(modules, 'rollup'), app.at('node_modules/rollup'));
    app.write(
      'vite.config.ts',
      `import lcc from 'lcc/vite';
      import { defineConfig } from 'vite';
      const plugin = lcc({ target: 'mobile-wasm' });
      export default defineConfig({ plugins: [plugin], worker: { plugins: () => [plugin] } });`,
    );
    app.write('tsconfig.json', tsconfig('vite.config.ts', { lib: ['ES2022', 'DOM'], types: [], skipLibCheck: true }));
    expect(runTypeScript(app.folder)).toEqual([]);
  });

  test.each(['lcc', 'lcc/recipe', 'lcc/vite', 'lcc/rollup'])('needs no types of WebGPU for %s', (specifier) => {
    // TypeScript's own DOM types have those of WebGPU from version 6 on: no DOM, but what is no part of them.
    app.write(
      'use.ts',
      `export * as lcc from '${specifier}';
      declare global { namespace WebAssembly { interface Module {} interface Memory {} interface Instance { exports: Record<string, unknown> } } }`,
    );
    app.write(
      'tsconfig.json',
      tsconfig('use.ts', {
        lib: ['ES2023'],
        types: ['node'],
        typeRoots: [join(modules, '@types')],
        skipLibCheck: false,
      }),
    );
    const errors = runTypeScript(app.folder).filter((line) => /^clone\/dist/.test(line));
    expect(errors).toEqual([]);
  });
});
