import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { parse } from 'acorn';
import { Project, ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';
import { targets } from '../../targets/index.ts';
import { emitTiny, withFolder } from '../harness/bundle-folder.ts';
import { tinyModel } from '../harness/tiny-model.ts';

const execute = promisify(execFile);
const node = async (...args: string[]) => (await execute(process.execPath, args)).stdout.trim();
const text = (files: ReadonlyMap<string, Uint8Array>, path: string) => new TextDecoder().decode(files.get(path));

const run = `
  const model = await load();
  const feeds = { 'input.1': Float32Array.of(1, 2, 3, 4), k: BigInt64Array.of(5n, -7n) };
  const results = await model.run(feeds);
  return [...results['33'], ...results['k plus 1']].join(' ');`;
const expected = '11 22 33 44 6 -6';

describe('a bundle folder', () => {
  it('holds what the design names, listed with hashes in lcc.json', async () => {
    const files = await emitTiny(tinyModel());
    expect([...files.keys()].sort()).toEqual([
      'index.d.ts',
      'index.js',
      'lcc.json',
      'model.lcw',
      'model.relaxed.wasm',
      'model.wasm',
      'package.json',
      'report.html',
    ]);
    const manifest = JSON.parse(text(files, 'lcc.json'));
    expect(manifest.generator).toBe('lcc 0.0.0');
    for (const [path, bytes] of files) {
      if (path === 'lcc.json' || path === 'report.html') continue;
      expect(manifest.files[path].sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(manifest.files[path].sizes.raw).toBe(bytes.length);
    }
  });

  it('has the same bytes every time', async () => {
    expect(await emitTiny(tinyModel())).toEqual(await emitTiny(tinyModel()));
  });

  it('runs under an ES module, a CommonJS parent and in a worker of Node', async () => {
    const files = new Map<string, Uint8Array | string>(await emitTiny(tinyModel(targets.node)));
    files.set('try.mjs', `import { load } from './index.js'; console.log(await (async () => {${run}})());`);
    files.set('try.cjs', `import('./index.js').then(async ({ load }) => {${run}}).then(console.log);`);
    files.set(
      'worker.cjs',
      `new (require('node:worker_threads').Worker)(require('node:path').join(__dirname, 'try.mjs'));`,
    );
    await withFolder(files, async (folder) => {
      expect(await node(join(folder, 'try.mjs'))).toBe(expected);
      expect(await node(join(folder, 'try.cjs'))).toBe(expected);
      expect(await node(join(folder, 'worker.cjs'))).toBe(expected);
    });
  });

  it('takes the relaxed module where the host has relaxed SIMD', async () => {
    const code = tinyModel();
    const noWasm = new Uint8Array(8);
    const files = new Map<string, Uint8Array | string>(
      await emitTiny({ ...code, wasm: code.wasm.map((w) => (w.features === 'relaxed' ? { ...w, bytes: noWasm } : w)) }),
    );
    files.set(
      'try.mjs',
      `import { load } from './index.js'; console.log(await load().then(() => 'plain', (e) => e.code));`,
    );
    await withFolder(files, async (folder) => {
      expect(await node('--no-experimental-wasm-relaxed-simd', join(folder, 'try.mjs'))).toBe('plain');
      expect(await node('--experimental-wasm-relaxed-simd', join(folder, 'try.mjs'))).toBe('unsupported');
    });
  });

  it('is one file when asked', async () => {
    const all = await emitTiny(tinyModel(), true);
    expect([...all.keys()].sort()).toEqual(['index.d.ts', 'index.js', 'lcc.json', 'package.json', 'report.html']);
    const files = new Map([
      ['alone.mjs', text(all, 'index.js')],
      ['try.mjs', `import { load } from './alone.mjs'; console.log(await (async () => {${run}})());`],
    ]);
    await withFolder(files, async (folder) => expect(await node(join(folder, 'try.mjs'))).toBe(expected));
  });

  it('imports wasm as a module for edge workers', async () => {
    const all = await emitTiny(tinyModel(targets['edge-worker']));
    const importLine = /^import wasm from ["']\.\/model\.wasm["'];$/m;
    expect(text(all, 'index.js')).toMatch(importLine);
    expect(text(all, 'index.js')).not.toContain('hasRelaxedSimd');
    // Node gives an instance where edge hosts give the compiled module.
    const compiled = `import { readFileSync } from 'node:fs';
      const wasm = new WebAssembly.Module(readFileSync(new URL('./model.wasm', import.meta.url)));`;
    const files = new Map<string, Uint8Array | string>(all);
    files.set('index.js', text(all, 'index.js').replace(importLine, compiled));
    files.set('try.mjs', `import { load } from './index.js'; console.log(await (async () => {${run}})());`);
    files.set(
      'placeless.mjs',
      text(all, 'index.js').replace(importLine, compiled).replaceAll("'./model.lcw', import.meta.url", 'undefined'),
    );
    files.set(
      'fail.mjs',
      `import { load } from './placeless.mjs'; load().catch((e) => console.log(e.code, e.message));`,
    );
    await withFolder(files, async (folder) => {
      expect(await node(join(folder, 'try.mjs'))).toBe(expected);
      expect(await node(join(folder, 'fail.mjs'))).toMatch(
        /^fetch cannot read the bundle's files unless told where, load\(\{ weights, wasm \}\): TypeError/,
      );
    });
  });

  it('is ES2017 with a classic script for old browsers, without BigInt', async () => {
    const files = await emitTiny(tinyModel(targets['embedded-wasm']));
    const classic = text(files, 'model.classic.js');
    expect(() => parse(classic, { ecmaVersion: 2017, sourceType: 'script' })).not.toThrow();
    expect(text(files, 'index.d.ts')).toContain("'k plus 1': Int32Array");
    // import.meta is newer, and the only thing in the module that is.
    const module = text(files, 'index.js').replaceAll('import.meta.url', 'importMetaUrl');
    expect(() => parse(module, { ecmaVersion: 2017, sourceType: 'module' })).not.toThrow();
    for (const code of [classic, module]) expect(code).not.toMatch(/BigInt|globalThis/);
  });

  it('keeps out of the code what the model does not use', async () => {
    const index = text(await emitTiny(tinyModel(targets['mobile-wasm'], 'int32')), 'index.js');
    expect(index).not.toMatch(/BigInt|atob|float16|\bint8|eval|Function\(/);
    expect(brotliCompressSync(index).length).toBeLessThan(3.75 * 1024);
  });
});

describe('index.d.ts', () => {
  it('is well formed whatever the model is called', async () => {
    const code = tinyModel(targets['embedded-wasm']);
    const name = '7 evil */ \n }} export const x = 1; // `$' + '{1}`\u2028';
    const files = await emitTiny({ ...code, program: { ...code.program, name } });
    const { diagnostics } = ts.transpileModule(text(files, 'index.d.ts'), { reportDiagnostics: true });
    expect(diagnostics).toEqual([]);
    expect(() => parse(text(files, 'model.classic.js'), { ecmaVersion: 2017, sourceType: 'script' })).not.toThrow();
  });

  it('types feeds and results by the names of the model file', async () => {
    const files = await emitTiny(tinyModel());
    const project = new Project({
      useInMemoryFileSystem: true,
      compilerOptions: { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    project.createSourceFile('/index.d.ts', text(files, 'index.d.ts'));
    const errorsOf = (use: string) => {
      const source = `import { load } from './index.js'; const model = await load(); ${use}; export {};`;
      const file = project.createSourceFile('/use.ts', source, { overwrite: true });
      return file.getPreEmitDiagnostics().map((d) => d.getCode());
    };
    const good = "'input.1': new Float32Array(4), k: new BigInt64Array(2)";
    expect(errorsOf(`const r = await model.run({ ${good} }); const y: Float32Array = r['33']`)).toEqual([]);
    expect(errorsOf('model.run({ k: new BigInt64Array(2) })')).toEqual([2345]);
    expect(errorsOf(`model.run({ ${good}, other: new Float32Array(4) })`)).toEqual([2353]);
    expect(errorsOf("model.run({ 'input.1': new Float32Array(4), k: new Int32Array(2) })")).toEqual([2322]);
    expect(errorsOf(`(await model.run({ ${good} })).other`)).toEqual([2339]);
  });
});
