import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { build, createServer, type InlineConfig } from 'vite';
import { describe, expect, test } from 'vitest';
import lcc from '../../compiler/plugin/vite.ts';
import { type App, answering, makeApp, scaled, scalingModel, sharedCache } from './app.ts';

const configOf = (app: Pick<App, 'folder'>): InlineConfig => ({
  configFile: false,
  root: app.folder,
  logLevel: 'silent',
  plugins: [lcc({ target: 'mobile-wasm', cache: sharedCache })],
});

const appWith = (specifier: string): App =>
  makeApp({
    'main.js': answering(specifier),
    'models/digits.onnx': scalingModel(),
    'package.json': '{ "type": "module" }',
  });

test('the dev server hands out what it placed, whatever became of the cache', async () => {
  const app = appWith('./models/digits.onnx');
  const config = { ...configOf(app), plugins: [lcc({ target: 'mobile-wasm', cache: app.at('cache') })] };
  const server = await createServer({ ...config, server: { port: 0, host: '127.0.0.1', ws: false } });
  await server.listen();
  const url = server.resolvedUrls?.local[0] ?? '';
  const page = await server.transformRequest('/main.js');
  const [module = ''] = /\/@id\/__x00__lcc:[^"]*/.exec(page?.code ?? '') ?? [];
  const code = await (await fetch(new URL(module, url))).text();
  const [weights = ''] = /\/@lcc\/\w+\/model\.lcw/.exec(code) ?? [];
  const [key = ''] = readdirSync(app.at('cache/bundles'));
  const expected = readFileSync(app.at(`cache/bundles/${key}/model.lcw`));
  rmSync(app.at('cache'), { recursive: true });
  const answer = await fetch(new URL(weights, url));
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(Buffer.from(await answer.arrayBuffer()).equals(expected)).toBe(true);
  await server.close();
});

test.each(['my%20app', 'my app', '~25%', 'é'])('the dev server serves an app in a folder named %s', async (name) => {
  const { at } = makeApp({
    [`${name}/main.js`]: answering('./digits.onnx?dim=batch%3D1'),
    [`${name}/digits.onnx`]: scalingModel(),
  });
  const server = await createServer({
    ...configOf({ folder: at(name) }),
    server: { port: 0, host: '127.0.0.1', ws: false },
  });
  await server.listen();
  const page = await server.transformRequest('/main.js');
  const [module = ''] = /\/@id\/__x00__lcc:[^"]*/.exec(page?.code ?? '') ?? [];
  const answer = await fetch(new URL(module, server.resolvedUrls?.local[0]));
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('/model.lcw')]);
  await server.close();
});

describe('code for servers', () => {
  test.each([
    [false, ['main.js']],
    [true, ['assets', 'main.js']],
  ])('built with ssrEmitAssets %s reads its files, or holds them', async (ssrEmitAssets, files) => {
    const app = appWith('./models/digits.onnx');
    await build({ ...configOf(app), build: { ssr: 'main.js', ssrEmitAssets } });
    expect(readdirSync(app.at('dist')).sort()).toEqual(files);
    const { answer } = await import(/* @vite-ignore */ app.at('dist/main.js'));
    expect(await answer()).toEqual(scaled());
  });

  test('runs in the dev server', async () => {
    const app = appWith('@models/digits.onnx?dim=batch=1');
    const alias = { '@models': app.at('models') };
    const server = await createServer({
      ...configOf(app),
      resolve: { alias },
      server: { middlewareMode: true, ws: false },
    });
    const { answer } = await server.ssrLoadModule('/main.js');
    expect(await answer()).toEqual(scaled());
    await server.close();
  });
});
