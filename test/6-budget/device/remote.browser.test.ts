import { request } from 'node:https';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../../../compiler/6-budget/browser/index.ts';
import { openRemote, type Remote, type RemoteOptions } from '../../../compiler/6-budget/device/remote.ts';
import { describeInBrowser } from '../../harness/browser.ts';

const host = '127.0.0.1';

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly cookie: string | undefined;
}

/** A request of somebody who does not mind the certificate. */
const ask = (url: string, method = 'GET', body = '', cookie = ''): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { cookie, 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method, headers, rejectUnauthorized: false }, async (response) => {
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part);
      const [set] = response.headers['set-cookie'] ?? [];
      resolve({ status: response.statusCode, text: Buffer.concat(parts).toString(), cookie: set?.split(';')[0] });
    });
    sent.on('error', reject);
    sent.end(body);
  });

describeInBrowser('a device that joins', (browser) => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  const serve = async (options: RemoteOptions = {}): Promise<Remote & { readonly address: string }> => {
    const remote = await openRemote({ host, ...options });
    open.push(remote);
    return { ...remote, address: remote.addresses[0] ?? '' };
  };
  const visit = async (url: string): Promise<Page> => {
    const context = await browser().newContext({ ignoreHTTPSErrors: true });
    open.push(context);
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };

  test('runs jobs over https, each in a document of its own, and has the files of each', async () => {
    const remote = await serve();
    expect(remote.address).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    const page = await visit(remote.address);
    const device = await remote.device(10);
    expect(device.name).toMatch(/^Chrome \d+ on Linux$/);
    const module = `export default async ({ x, n }) => {
      globalThis.runs = (globalThis.runs ?? 0) + 1;
      const { word } = await import('/bundle/word.js');
      const text = await (await fetch('/data/text.txt')).text();
      return { twice: x.map((v) => v * 2), n, word, text, runs: globalThis.runs, isolated: crossOriginIsolated, gpu: navigator.gpu !== undefined };
    };`;
    const argument = { x: new Float32Array([1, Number.NEGATIVE_INFINITY]), n: Number.NaN };
    const words = ['first', 'second'];
    const runs = words.map((word) => {
      const files = { '/bundle/word.js': `export const word = '${word}';`, '/data/text.txt': word };
      return device.run({ module, argument, files });
    });
    const twice = new Float32Array([2, Number.NEGATIVE_INFINITY]);
    expect(await Promise.all(runs)).toEqual(
      words.map((word) => ({ twice, n: Number.NaN, word, text: word, runs: 1, isolated: true, gpu: true })),
    );
    await expect.poll(() => page.locator('li').allTextContents()).toHaveLength(2);
    await remote.close();
    await expect.poll(() => page.locator('#state').textContent()).toBe('Done. You may close this page.');
  });

  test('tells of jobs that fail with their console, and goes on', async () => {
    const remote = await serve();
    await visit(remote.address);
    const { run } = await remote.device(10);
    const heard: string[] = [];
    const throwing = "export default () => { console.log('before', 1); throw new RangeError('too far'); };";
    await expect(run({ module: throwing, onConsole: (line) => heard.push(line) })).rejects.toThrow(
      /LCC6004: The page failed: RangeError: too far\n {2}- before 1/,
    );
    expect(heard).toEqual(['before 1']);
    await expect(run({ module: 'export default (' })).rejects.toThrow(/LCC6004: .*SyntaxError/);
    await expect(run({ module: 'export default () => () => 1' })).rejects.toThrow('a function cannot be sent');
    const hanging = run({ module: 'export default () => new Promise(() => {})', timeout: 300 });
    await expect(hanging).rejects.toThrow('no answer after 0.3 s');
    expect(await run({ module: 'export default () => 5' })).toBe(5);
  });

  test('is alone: nobody without the token or its cookie gets anything', async () => {
    const remote = await serve();
    const { origin } = new URL(remote.address);
    for (const path of ['/', '/lcc-next', '/lcc-argument', `/${'0'.repeat(32)}/`, `/${'0'.repeat(32)}/join`]) {
      expect(await ask(`${origin}${path}`)).toMatchObject({ status: 404, text: '' });
    }
    const page = await visit(remote.address);
    await remote.device(10);
    expect((await ask(`${origin}/lcc-next`)).status).toBe(404);
    expect((await ask(`${origin}/lcc-next`, 'GET', '', 'lcc-device=00000000000000000000000000000000')).status).toBe(
      404,
    );
    expect(await ask(`${remote.address}join`, 'POST', '{}')).toMatchObject({
      status: 409,
      text: 'Another device measures already.',
    });
    const second = await visit(remote.address);
    await expect.poll(() => second.locator('#state').textContent()).toBe('Another device measures already.');
    await page.reload();
    await expect.poll(() => page.locator('#state').textContent()).toBe('Waiting for work ...');
  });

  test('cannot send more than it may', async () => {
    const remote = await serve();
    const joined = await ask(`${remote.address}join`, 'POST', JSON.stringify({ userAgent: 'x'.repeat(5000) }));
    expect(joined.status).toBe(413);
    const { cookie = '' } = await ask(`${remote.address}join`, 'POST', '{"userAgent":"Firefox/150 Android"}');
    expect((await remote.device(1)).name).toBe('Firefox 150 on Android');
    const { origin } = new URL(remote.address);
    expect((await ask(`${origin}/lcc-result?job=1`, 'POST', '{"kind":"returned"}', cookie)).status).toBe(410);
    expect((await ask(`${origin}/lcc-result?job=1`, 'POST', 'nonsense', cookie)).status).toBe(400);
  });

  test('is waited for so long', async () => {
    const remote = await serve();
    await expect(remote.device(0.2)).rejects.toThrow(/LCC6205: No device opened the page within 0.2 seconds/);
  });

  test('a port that is taken is named', async () => {
    const { address } = await serve();
    const port = Number(new URL(address).port);
    await expect(openRemote({ host, port })).rejects.toThrow(/LCC6204: .*EADDRINUSE[\s\S]*port: /);
  });
});

describeInBrowser('over plain http', () => {
  const name = 'a-phone-calls-it-so.test';
  let other: Awaited<ReturnType<typeof launchBrowser>> | undefined;
  beforeAll(async () => {
    other = await launchBrowser({ flags: [`--host-resolver-rules=MAP ${name} 127.0.0.1`] });
  });
  afterAll(() => other?.close());

  test('the page says that only wasm is measured, and has no WebGPU', async () => {
    const remote = await openRemote({ host: name, isPlain: true });
    try {
      const page = await other?.newPage();
      await page?.goto(remote.addresses[0] ?? '');
      const { run } = await remote.device(10);
      expect(await page?.locator('#secure').isVisible()).toBe(true);
      expect(await page?.locator('#secure').textContent()).toContain('only wasm is measured');
      expect(await run({ module: 'export default () => [isSecureContext, navigator.gpu === undefined]' })).toEqual([
        false,
        true,
      ]);
    } finally {
      await remote.close();
    }
  });
});
