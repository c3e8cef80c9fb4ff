import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { build, createServer, type InlineConfig, preview, type ViteDevServer } from 'vite';
import { afterAll, expect, test } from 'vitest';
import { serve } from '../../compiler/6-budget/browser/index.ts';
import lcc, { type PluginOptions } from '../../compiler/plugin/vite.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { type App, answering, makeApp, scaled, scalingModel, sharedCache } from './app.ts';

const target = 'mobile-wasm';
const html =
  '<!doctype html><html><body><p id="answer"></p><script type="module" src="/src/main.ts"></script></body></html>';
const showing = (answer: string) =>
  `answer().then((y) => { document.getElementById('answer')!.textContent = JSON.stringify(${answer}); });`;

const appWith = (specifier = './digits.onnx'): App =>
  makeApp({
    'index.html': html,
    'src/main.ts': `${answering(specifier)}\n${showing('y')}`,
    'src/digits.onnx': scalingModel(),
  });

/** Everything that Vite tells. */
interface Told {
  readonly lines: string[];
  readonly config: InlineConfig;
}

function configOf(app: App, options: PluginOptions = { target }, more: InlineConfig = {}): Told {
  const lines: string[] = [];
  const tell = (line: string) => lines.push(line);
  const customLogger = {
    info: tell,
    warn: tell,
    warnOnce: tell,
    error: tell,
    clearScreen: () => {},
    hasErrorLogged: () => false,
    hasWarned: false,
  };
  const plugins = [lcc({ cache: sharedCache, ...options })];
  return { lines, config: { configFile: false, root: app.folder, customLogger, plugins, ...more } };
}

describeInBrowser('a model in a Vite app', (browser) => {
  const servers: ViteDevServer[] = [];
  afterAll(() => Promise.all(servers.map((server) => server.close())));

  const open = async (url: string): Promise<Page> => {
    const page = await browser().newPage();
    await page.goto(url);
    return page;
  };
  const waitFor = (page: Page, values: readonly number[]) =>
    page.waitForFunction((text) => document.getElementById('answer')?.textContent === text, JSON.stringify(values), {
      timeout: 60_000,
    });
  const expectAnswer = async (url: string, values = scaled()) => {
    const page = await open(url);
    await waitFor(page, values);
    await page.close();
  };
  const startDev = async (config: InlineConfig): Promise<string> => {
    const server = await createServer({ ...config, server: { port: 0, host: '127.0.0.1' } });
    servers.push(server);
    await server.listen();
    return server.resolvedUrls?.local[0] ?? '';
  };

  test('that is built: hashed assets, a strict content security policy, previewed by Vite', async () => {
    const app = appWith();
    const { config } = configOf(app, { target }, { preview: { port: 0, host: '127.0.0.1' } });
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
    const headers = { 'Content-Security-Policy': policy };
    await build(config);
    const assets = readdirSync(app.at('dist/assets')).map((name) => name.replace(/-[\w-]{8}\./, '-<hash>.'));
    expect(assets.sort()).toEqual([
      'digits-<hash>.lcw',
      'digits-<hash>.wasm',
      'digits.relaxed-<hash>.wasm',
      'index-<hash>.js',
    ]);
    const server = await preview({ ...config, preview: { ...config.preview, headers } });
    await expectAnswer(server.resolvedUrls?.local[0] ?? '');
    await server.close();
  });

  test.each(['./', '/deep/app/'])('with base %s', async (base) => {
    const app = appWith();
    await build(configOf(app, { target }, { base }).config);
    const server = await serve({ folders: { '/deep/app/': app.at('dist') } });
    await expectAnswer(`${server.url}/deep/app/index.html`);
    await server.close();
  });

  test.each(['iife', 'es'] as const)('in a worker of format %s', async (format) => {
    const app = makeApp({
      'index.html': html,
      'src/main.ts': `const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
        worker.onmessage = ({ data }) => { document.getElementById('answer')!.textContent = JSON.stringify(data); };`,
      'src/worker.ts': `${answering('./digits.onnx')}\nanswer().then((y) => postMessage(y));`,
      'src/digits.onnx': scalingModel(),
    });
    const plugins = () => [lcc({ target, cache: sharedCache })];
    await build(configOf(app, { target }, { worker: { format, plugins } }).config);
    const server = await serve({ folders: { '/': app.at('dist') } });
    await expectAnswer(`${server.url}/index.html`);
    await server.close();
  });

  test('over budget ends the build, and warns in the dev server', async () => {
    const app = appWith();
    const { config, lines } = configOf(app, { target, budget: '100B' });
    await expect(build(config)).rejects.toThrow(/LCC0206.*OVER {2}total brotli/s);
    await expectAnswer(await startDev(config));
    expect(lines).toContainEqual(expect.stringMatching(/LCC0206.*OVER {2}total brotli/s));
  });

  test('in the dev server: a model or configuration that changes is compiled, and the page reloads', async () => {
    const app = appWith();
    app.write('lcc.config.js', `export default { model: 'src/digits.onnx', target: '${target}' };`);
    const { config, lines } = configOf(app, {}, { base: '/deep/' });
    const page = await open(await startDev(config));
    await waitFor(page, scaled());
    expect(lines).toContainEqual(expect.stringMatching(/^lcc {2}digits\.onnx {2}(ingest|as it was built before)/));

    app.write('src/digits.onnx', scalingModel(2));
    await waitFor(page, scaled(2));

    app.write('src/digits.onnx', 'no model');
    const overlay = page.locator('vite-error-overlay .message-body');
    await overlay.waitFor({ timeout: 60_000 });
    expect(await overlay.textContent()).toContain('LCC1002: ');
    app.write('src/digits.onnx', scalingModel(3));
    await waitFor(page, scaled(3));

    app.write('lcc.config.js', `export default { model: 'src/digits.onnx', target: 'fridge' };`);
    await overlay.waitFor({ timeout: 60_000 });
    expect(await overlay.textContent()).toContain('LCC0003: There is no target "fridge".');
    app.write('lcc.config.js', `export default { model: 'src/digits.onnx', target: '${target}', singleFile: true };`);
    await waitFor(page, scaled(3));
    await page.close();
    expect(readFileSync(app.at('src/digits.d.onnx.ts'), 'utf8')).toContain('compiled by lcc for mobile-wasm');
  });
});
