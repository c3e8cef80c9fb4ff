import { existsSync, utimesSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { keyOf } from '../../compiler/plugin/bundle-key.ts';
import { chooseSettings } from '../../compiler/plugin/choose-settings.ts';
import { idOf, parseId, parseSpecifier } from '../../compiler/plugin/model-import.ts';
import { type App, makeApp, scalingModel } from './app.ts';

describe('which imports are models', () => {
  test.each([
    ['./digits.onnx', { path: './digits.onnx', query: '' }],
    ['models/digits.onnx?a=1&b', { path: 'models/digits.onnx', query: 'a=1&b' }],
    ['./model.json?lcc&target=node', { path: './model.json', query: 'lcc&target=node' }],
  ])('%s is', (specifier, parsed) => expect(parseSpecifier(specifier)).toEqual(parsed));

  test.each(['./digits.onnx?url', './digits.onnx?raw', './model.json', './model.json?url', './a.js?lcc', '\0a.onnx'])(
    '%s is not',
    (specifier) => expect(parseSpecifier(specifier)).toBeUndefined(),
  );

  test('an id tells its import, is no JSON, and means the same once it is decoded', () => {
    for (const imported of [
      { file: '/a b/model.json', query: 'lcc&dim=n=1' },
      { file: '/a%20b/~25/~~7e%/model.onnx', query: 'calibration=a%26b.npy' },
    ]) {
      expect(parseId(idOf(imported))).toEqual(imported);
      expect(parseId(decodeURIComponent(idOf(imported)))).toEqual(imported);
    }
    expect(idOf({ file: '/m/model.json', query: '' })).toBe('\0lcc:/m/model.json.js');
    expect(parseId('/a/digits.onnx')).toBeUndefined();
  });
});

describe('the settings of an import', () => {
  const config = (settings: string) => `export default { ${settings} };`;
  const chosen = (app: App, file: string, query = '', plugin = {}) =>
    chooseSettings({ file: app.at(file), query }, plugin, app.folder);

  test('are the query over the plugin over the configuration, paths from where each is written', async () => {
    const app = makeApp({
      'src/models/digits.onnx': scalingModel(),
      'src/lcc.config.mjs': config(
        `model: 'models/digits.onnx', target: 'node', maxSize: '1KB', calibration: 'a.npy?limit=2', plan: 'plan.json'`,
      ),
    });
    const alone = await chosen(app, 'src/models/digits.onnx');
    expect(alone.config).toBe(app.at('src/lcc.config.mjs'));
    expect(alone.options).toEqual({
      target: 'node',
      maxSize: '1KB',
      calibration: `${app.at('src/a.npy')}?limit=2`,
      plan: app.at('src/plan.json'),
    });
    expect(alone.budget.limits).toHaveLength(1);
    app.write('src/models/limits', '{"code": "9 KB"}');
    const limited = await chosen(app, 'src/models/digits.onnx', 'budget=limits');
    expect(limited.budget.limits).toHaveLength(2);
    expect(limited.files).toContain(app.at('src/models/limits'));
    const plugin = { target: 'desktop-webgpu', calibration: 'b.npy', backends: ['wasm'], cache: 'kept' } as const;
    const query = 'calibration=c.npy%3Fscale=1/255%26limit=3&dim=a=1&dim=b=2&rank=0.9';
    const all = await chosen(app, 'src/models/digits.onnx', query, plugin);
    expect(all.options).toEqual({
      ...alone.options,
      target: 'desktop-webgpu',
      backends: ['wasm'],
      cache: app.at('kept'),
      calibration: `${app.at('src/models/c.npy')}?scale=1/255&limit=3`,
      dims: { a: 1, b: 2 },
      rank: 0.9,
    });
    expect(all.cache).toBe(app.at('kept'));
  });

  test('are those of the nearest configuration that names the model, not of one for another', async () => {
    const app = makeApp({
      'a/one.onnx': scalingModel(),
      'a/two.onnx': scalingModel(),
      'three.onnx': scalingModel(),
      'a/lcc.config.mjs': config(`model: 'one.onnx', target: 'node'`),
      'lcc.config.mjs': config(`model: 'a/two.onnx', target: 'mobile-wasm'`),
    });
    expect((await chosen(app, 'a/one.onnx')).options.target).toBe('node');
    expect((await chosen(app, 'a/two.onnx')).options.target).toBe('mobile-wasm');
    const none = await chosen(app, 'three.onnx');
    expect([none.config, none.options.target, none.budget.limits]).toEqual([undefined, 'mobile-webgpu', []]);
    expect(none.cache).toBe(app.at('node_modules/.cache/lcc'));
  });

  test('above the root count for nothing; a broken configuration is told', async () => {
    const app = makeApp({
      'app/one.onnx': scalingModel(),
      'lcc.config.mjs': config(`model: 'app/one.onnx', target: 'node'`),
    });
    const inside = await chooseSettings({ file: app.at('app/one.onnx'), query: '' }, {}, app.at('app'));
    expect(inside.config).toBeUndefined();
    app.write('app/lcc.config.ts', config(`modle: 'one.onnx'`));
    await expect(chosen(app, 'app/one.onnx')).rejects.toThrow('LCC0005: ');
  });
});

describe('the key of a bundle', () => {
  const app = makeApp({
    'one.onnx': scalingModel(),
    'data/images.npy': 'images',
    'data/labels.npy': 'labels',
    'plan.json': '[]',
  });
  const options = {
    target: 'mobile-wasm',
    calibration: `${app.at('data/images.npy')}?labels=labels.npy`,
    plan: app.at('plan.json'),
  };
  const key = (more = {}) => keyOf(app.at('one.onnx'), { ...options, ...more }).key;

  test('is the same for the same, whatever runs it', () => {
    expect(key({ threads: 3, cache: 'elsewhere' })).toBe(key());
    expect(keyOf(app.at('one.onnx'), options).files).toEqual(
      ['one.onnx', 'plan.json', 'data/images.npy', 'data/labels.npy'].map(app.at),
    );
  });

  test('is another for another option, plan, array, data file, metric or profile', () => {
    const seen = new Set([key()]);
    const expectAnother = (found: string) => {
      expect(seen.has(found)).toBe(false);
      seen.add(found);
    };
    expectAnother(key({ target: 'node' }));
    expectAnother(key({ constants: { k: { dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) } } }));
    expectAnother(key({ constants: { k: { dtype: 'int64', shape: [1], data: BigInt64Array.of(2n) } } }));
    app.write('plan.json', '[1]');
    expectAnother(key());
    utimesSync(app.at('data/labels.npy'), 5, 5);
    expectAnother(key());
    app.write('one.onnx', scalingModel(2));
    expectAnother(key());
    const metric = app.at('metric.ts');
    expectAnother(key({ metric }));
    for (const score of [0, 1]) {
      app.write('metric.ts', `export default () => ${score};`);
      expectAnother(key({ metric }));
    }
    expectAnother(key({ device: 'tv' }));
    const device = app.at('phone.json');
    for (const profile of ['{}', '[]']) {
      app.write('phone.json', profile);
      expectAnother(key({ device }));
    }
    expect(existsSync(app.at('two.onnx'))).toBe(false);
    expect(() => keyOf(app.at('two.onnx'), options)).toThrow('LCC1001');
  });
});
