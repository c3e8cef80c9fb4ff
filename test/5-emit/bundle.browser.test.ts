import { build } from 'vite';
import { expect, it } from 'vitest';
import { runInPage } from '../../compiler/6-budget/browser/index.ts';
import { targets } from '../../targets/index.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { emitTiny, withFolder } from '../harness/bundle-folder.ts';
import { tinyModel } from '../harness/tiny-model.ts';

const expected = [11, 22, 33, 44, 6, -6];
const run = `
  const model = await load();
  const results = await model.run({ 'input.1': Float32Array.of(1, 2, 3, 4), k: BigInt64Array.of(5n, -7n) });
  const values = [...results['33'], ...Array.from(results['k plus 1'], Number)];`;
const pageOf = (load: string) => `${load}\nexport default async () => { ${run} return values; };`;
const served = (files: ReadonlyMap<string, Uint8Array>, rename = (path: string) => path) =>
  Object.fromEntries([...files].map(([path, bytes]) => [`/bundle/${rename(path)}`, bytes]));

describeInBrowser('a bundle in a browser', (browser) => {
  it('runs from a static server under a strict content security policy', async () => {
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
    const page = {
      module: pageOf(`import { load } from '/bundle/index.js';`),
      files: served(await emitTiny(tinyModel())),
      headers: { 'content-security-policy': policy },
    };
    expect(await runInPage(browser(), page)).toEqual(expected);
  });

  it('takes the relaxed module, and the plain one where the server sends a wrong type', async () => {
    const files = await emitTiny(tinyModel());
    const index = new TextDecoder().decode(files.get('index.js')).replaceAll('.wasm', '.bin');
    const page = {
      module: pageOf(`import { load } from '/bundle/index.js';`),
      files: { ...served(files, (path) => path.replace('.wasm', '.bin')), '/bundle/index.js': index },
    };
    expect(await runInPage(browser(), page)).toEqual(expected);
    const { '/bundle/model.wasm': _, ...relaxedOnly } = served(files);
    expect(await runInPage(browser(), { ...page, files: relaxedOnly })).toEqual(expected);
  });

  it('runs in a module worker', async () => {
    const worker = `import { load } from '/bundle/index.js';
      onmessage = async () => { ${run} postMessage(values); };`;
    const module = `export default () => new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(0);
    });`;
    const files = { ...served(await emitTiny(tinyModel())), '/worker.js': worker };
    expect(await runInPage(browser(), { module, files })).toEqual(expected);
  });

  it('runs as one file, and tells progress while it loads one that is not', async () => {
    const alone = await emitTiny(tinyModel(), true);
    const load = `import { load } from '/bundle/index.js';`;
    expect(await runInPage(browser(), { module: pageOf(load), files: served(alone) })).toEqual(expected);
    const module = `${load}
      export default async () => {
        const told = [];
        await load({ onProgress: (loaded, total) => told.push([loaded, total]) });
        return told;
      };`;
    const code = tinyModel();
    const told = await runInPage(browser(), { module, files: served(await emitTiny(code)) });
    const size = code.weights.bytes.length;
    expect((told as number[][]).at(-1)).toEqual([size, size]);
  });

  it('runs as a classic script, its files found beside it', async () => {
    const files = await emitTiny(tinyModel(targets['embedded-wasm']));
    const module = `export default async () => {
      const script = document.createElement('script');
      script.src = '/bundle/model.classic.js';
      document.head.append(script);
      await new Promise((resolve, reject) => { script.onload = resolve; script.onerror = reject; });
      const model = await lcc.tiny.load();
      const results = await model.run({ 'input.1': Float32Array.of(1, 2, 3, 4), k: Int32Array.of(5, -7) });
      return [...results['33'], ...results['k plus 1']];
    };`;
    expect(await runInPage(browser(), { module, files: served(files) })).toEqual(expected);
  });

  it('runs as a classic script of a worker that tells it where its files lie, and else asks for that', async () => {
    const files = await emitTiny(tinyModel(targets['embedded-wasm']));
    const worker = `importScripts('/bundle/model.classic.js');
      onmessage = async () => {
        const { load } = lcc.tiny;
        const weights = '/bundle/model.lcw', wasm = '/bundle/model.wasm';
        const failures = await Promise.all([undefined, { weights }, { wasm }].map((options) =>
          load(options).catch(({ code, message }) => code + ': ' + message)));
        const model = await load({ weights, wasm });
        const results = await model.run({ 'input.1': Float32Array.of(1, 2, 3, 4), k: Int32Array.of(5, -7) });
        postMessage({ failures, values: [...results['33'], ...results['k plus 1']] });
      };`;
    const module = `export default () => new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js');
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(0);
    });`;
    const placeless =
      "fetch: cannot read the bundle's files unless told where, load({ weights, wasm }): ReferenceError: document is not defined";
    expect(await runInPage(browser(), { module, files: { ...served(files), '/worker.js': worker } })).toEqual({
      failures: [placeless, placeless, placeless],
      values: expected,
    });
  });

  it('runs inside an app that Vite built', async () => {
    const files = new Map<string, Uint8Array | string>();
    for (const [path, bytes] of await emitTiny(tinyModel())) files.set(`model/${path}`, bytes);
    files.set('main.js', pageOf(`import { load } from './model/index.js';`));
    await withFolder(files, async (folder) => {
      await build({
        root: folder,
        logLevel: 'error',
        base: '/app/',
        build: {
          target: 'es2022',
          assetsInlineLimit: 0,
          rollupOptions: {
            input: `${folder}/main.js`,
            preserveEntrySignatures: 'strict',
            output: { entryFileNames: 'main.js' },
          },
        },
      });
      const module = `export { default } from '/app/main.js';`;
      expect(await runInPage(browser(), { module, folders: { '/app/': `${folder}/dist` } })).toEqual(expected);
    });
  });

  it('says which file is missing', async () => {
    const { '/bundle/model.lcw': _, ...files } = served(await emitTiny(tinyModel()));
    const module = `import { load } from '/bundle/index.js';
      export default () => load().catch(({ name, code, message }) => [name, code, message.replace(/http.*bundle/, '')]);`;
    expect(await runInPage(browser(), { module, files })).toEqual([
      'LccRuntimeError',
      'fetch',
      'cannot read /model.lcw: status 404',
    ]);
  });
});
