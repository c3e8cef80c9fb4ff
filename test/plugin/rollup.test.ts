import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { type ModuleFormat, rollup } from 'rollup';
import { describe, expect, test } from 'vitest';
import lcc, { type PluginOptions } from '../../compiler/plugin/rollup.ts';
import { artifactsOf, writeModel } from '../harness/tensorflow-model.ts';
import { type App, answering, makeApp, scaled, scalingModel, sharedCache } from './app.ts';

const target = 'mobile-wasm';

interface Built {
  readonly files: readonly string[];
  /** what the plugin told */
  readonly lines: readonly string[];
}

/** Bundles main.js of an app into dist. */
async function bundle(app: App, options: PluginOptions = { target }, format: ModuleFormat = 'es'): Promise<Built> {
  const lines: string[] = [];
  const build = await rollup({
    input: app.at('main.js'),
    plugins: [lcc({ cache: sharedCache, ...options })],
    onLog: (_level, { message }) => lines.push(message),
  });
  const entryFileNames = format === 'cjs' ? '[name].cjs' : '[name].mjs';
  const { output } = await build.write({ dir: app.at('dist'), format, entryFileNames });
  await build.close();
  return { files: output.map(({ fileName }) => fileName), lines };
}

const run = async (app: App): Promise<number[]> => {
  const { answer } = await import(/* @vite-ignore */ `${app.at('dist/main.mjs')}?${Math.random()}`);
  return answer();
};

const appWith = (specifier: string, files: Readonly<Record<string, Uint8Array | string>> = {}): App =>
  makeApp({ 'main.js': answering(specifier), 'digits.onnx': scalingModel(), ...files });

describe('a model in a bundle', () => {
  test('runs in Node, its wasm and weights hashed assets', async () => {
    const app = appWith('./digits.onnx');
    const { files, lines } = await bundle(app, { target, cache: app.at('cache') });
    expect(files.map((name) => name.replace(/-[\w-]{8}\./, '-<hash>.')).sort()).toEqual([
      'assets/digits-<hash>.lcw',
      'assets/digits-<hash>.wasm',
      'assets/digits.relaxed-<hash>.wasm',
      'main.mjs',
    ]);
    expect(await run(app)).toEqual(scaled());
    for (const stage of ['ingest', 'compress', 'lower', 'emit', 'parity'])
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`digits\\.onnx {2}${stage} .*ms {2}`)));
    const weights = readFileSync(app.at(`dist/${files.find((name) => name.endsWith('.lcw'))}`));
    expect(weights.subarray(4, 8).toString()).toBe('LCW1');
  });

  test('runs as CommonJS', async () => {
    const app = appWith('./digits.onnx');
    await bundle(app, { target }, 'cjs');
    expect(await createRequire(import.meta.url)(app.at('dist/main.cjs')).answer()).toEqual(scaled());
  });

  test('takes nothing along where nothing of it is used', async () => {
    const app = makeApp({ 'main.js': `import './digits.onnx'; export const a = 1;`, 'digits.onnx': scalingModel() });
    await bundle(app);
    expect(readFileSync(app.at('dist/main.mjs'), 'utf8')).toBe('const a = 1;\n\nexport { a };\n');
  });

  test('is inside its module when it is asked for by the query', async () => {
    const app = appWith('./digits.onnx?target=mobile-wasm&singleFile');
    expect((await bundle(app, {})).files).toEqual(['main.mjs']);
    expect(await run(app)).toEqual(scaled());
  });

  test('may be of TensorFlow.js', async () => {
    const kernel = tf.tensor2d([1, 2, 3, 10, 20, 30], [2, 3]);
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [2], useBias: false })] });
    model.setWeights([kernel]);
    const { json, shards } = writeModel(await artifactsOf(model));
    const main = answering('./model.json?lcc').replace('{ y }', '{ [model.outputs[0].name]: y }');
    const feed = main.replace('{ x:', '{ [model.inputs[0].name]:');
    const app = makeApp({ 'main.js': feed, 'model.json': JSON.stringify(json), ...shards });
    const { files } = await bundle(app);
    expect(files).toHaveLength(4);
    expect(await run(app)).toEqual(scaled());
  });
});

describe('the cache', () => {
  const isCompiled = ({ lines }: Built) => lines.some((line) => line.includes('ingest'));

  test('has a bundle for the same model and options, whole', async () => {
    const app = appWith('./digits.onnx');
    const cache = app.at('cache');
    expect(isCompiled(await bundle(app, { target, cache }))).toBe(true);
    const second = await bundle(app, { target, cache });
    expect(second.lines).toEqual([expect.stringContaining('digits.onnx  as it was built before')]);
    expect(await run(app)).toEqual(scaled());
    expect(isCompiled(await bundle(app, { target, cache, dims: { batch: 1 } }))).toBe(true);

    for (const key of readdirSync(join(cache, 'bundles'))) app.write(`cache/bundles/${key}/model.lcw`, 'damaged');
    expect(isCompiled(await bundle(app, { target, cache }))).toBe(true);
    expect(await run(app)).toEqual(scaled());
  });

  test('goes by content: a model that changes is compiled, one that changes back is not', async () => {
    const app = appWith('./digits.onnx');
    const options = { target, cache: app.at('cache') } as const;
    await bundle(app, options);
    app.write('digits.onnx', scalingModel(3));
    expect(isCompiled(await bundle(app, options))).toBe(true);
    expect(await run(app)).toEqual(scaled(3));
    app.write('digits.onnx', scalingModel());
    expect(isCompiled(await bundle(app, options))).toBe(false);
    expect(await run(app)).toEqual(scaled());
  });

  test('keeps a hundred bundles, those asked for last', async () => {
    const app = appWith('./digits.onnx');
    const cache = app.at('cache');
    await bundle(app, { target, cache });
    const [kept = ''] = readdirSync(join(cache, 'bundles'));
    for (let i = 0; i < 100; i++) {
      mkdirSync(join(cache, `bundles/other-${i}`));
      utimesSync(join(cache, `bundles/other-${i}`), 1000 + i, 1000 + i);
    }
    utimesSync(join(cache, 'bundles', kept), 1, 1);
    await bundle(app, { target, cache });
    app.write('digits.onnx', scalingModel(4));
    await bundle(app, { target, cache });
    const names = readdirSync(join(cache, 'bundles'));
    expect(names).toHaveLength(100);
    expect(names).toContain(kept);
    expect(names).not.toContain('other-0');
    expect(names).not.toContain('other-1');
    expect(names).toContain('other-2');
  });

  test('may lose a bundle to another process at any time', async () => {
    const app = appWith('./digits.onnx');
    mkdirSync(app.at('cache/bundles'), { recursive: true });
    symlinkSync(app.at('gone'), app.at('cache/bundles/listed-but-gone'));
    expect((await bundle(app, { target, cache: app.at('cache') })).files).toHaveLength(4);
  });

  test('lies beside the installed packages', async () => {
    const app = appWith('./digits.onnx');
    const before = process.cwd();
    process.chdir(app.folder);
    try {
      await bundle(app, { target, cache: undefined });
    } finally {
      process.chdir(before);
    }
    expect(readdirSync(app.at('node_modules/.cache/lcc/bundles'))).toHaveLength(1);
  });
});

describe('a budget', () => {
  test('that is broken ends the build with the report, each time', async () => {
    const app = appWith('./digits.onnx');
    for (const _ of [1, 2]) {
      const failure = await bundle(app, { target, budget: { code: '100B' } }).catch((error: Error) => error.message);
      expect(failure).toContain(`LCC0206: The model is not within its budget.\n  at ${app.at('digits.onnx')}`);
      expect(failure).toMatch(/OVER {2}code brotli .* of 100 B: .* too much/);
    }
    expect(existsSync(app.at('dist'))).toBe(false);
  });

  test('of the query or the configuration counts too', async () => {
    const app = appWith('./digits.onnx?budget=1MB', {
      'lcc.config.js': `export default { model: 'digits.onnx', target: '${target}', budget: 'budget.json' };`,
      'budget.json': '{"total": "100B"}',
    });
    expect((await bundle(app, {})).files).toHaveLength(4);
    app.write('main.js', answering('./digits.onnx'));
    await expect(bundle(app, {})).rejects.toThrow('OVER  total brotli');
  });
});

describe('what cannot be built', () => {
  test.each<[string, PluginOptions, string]>([
    ['./missing.onnx', { target }, 'LCC1001: '],
    ['./digits.onnx?budgie=1', { target }, 'LCC0201: The query of this import has "budgie", which is no option.'],
    ['./digits.onnx?dim=batch', { target }, 'LCC0202: The query of this import is not valid: --dim takes name=size.'],
    ['./digits.onnx?target=a&target=b', {}, 'LCC0202: The query of this import is not valid: target is there more'],
    ['./digits.onnx?lcc=1', { target }, 'LCC0202: The query of this import is not valid: lcc takes no value.'],
    ['./digits.onnx?target=fridge', {}, 'LCC0003: There is no target "fridge".'],
    ['./digits.onnx?target=edge-worker', {}, 'LCC0204: Target edge-worker imports its wasm as a module'],
    ['./broken.onnx', { target }, 'LCC1002: '],
  ])('%s', async (specifier, options, message) => {
    const app = appWith(specifier, { 'broken.onnx': 'no model' });
    await expect(bundle(app, options)).rejects.toThrow(message);
  });

  test.each<[object, string]>([
    [{ model: 'a.onnx' }, 'there is no setting "model"'],
    [{ targte: 'node' }, 'there is no setting "targte"'],
    [{ maxDrop: [0.1] }, 'maxDrop is not a number or a share'],
    [{ types: 3 }, 'types is not true, false or a folder'],
  ])('lcc(%j)', (options, reason) => {
    expect(() => lcc(options)).toThrow(`LCC0203: The options of the lcc plugin are not valid: ${reason}.`);
  });

  test('declarations where a file stands in the way', async () => {
    const app = appWith('./digits.onnx', { types: 'a file' });
    await expect(bundle(app, { target, types: app.at('types') })).rejects.toThrow('LCC0205: ');
    expect((await bundle(app, { target, types: false })).files).toHaveLength(4);
    expect(readdirSync(app.folder).filter((name) => name.includes('.d.'))).toEqual([]);
  });
});
