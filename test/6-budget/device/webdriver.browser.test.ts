import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../../../compiler/6-budget/browser/index.ts';
import { openWebDriver } from '../../../compiler/6-budget/device/webdriver.ts';
import { describeInBrowser } from '../../harness/browser.ts';

const module = `export default async (x) => {
  const { word } = await import('/files/word.js');
  return { half: x.map((v) => v / 2), word, isSecureContext };
};`;
const job = { module, argument: new Float32Array([1, 3]), files: { '/files/word.js': "export const word = 'hello';" } };
const result = { half: new Float32Array([0.5, 1.5]), word: 'hello', isSecureContext: true };

interface Endpoint {
  readonly url: string;
  readonly heard: readonly string[];
  close(): Promise<void>;
}

/** The three commands that lcc needs, answered by a browser that Playwright drives. */
async function openEndpoint(browser: Browser): Promise<Endpoint> {
  const heard: string[] = [];
  let context: Awaited<ReturnType<Browser['newContext']>> | undefined;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const text = Buffer.concat(parts).toString();
    const command = `${request.method} ${request.url}`;
    heard.push(command, request.headers.authorization ?? '', text);
    const answer = (value: unknown, status = 200) => response.writeHead(status).end(JSON.stringify({ value }));
    if (command === 'POST /wd/session') {
      const { alwaysMatch } = JSON.parse(text).capabilities;
      if (alwaysMatch.browserName === 'lynx') {
        answer({ error: 'session not created', message: 'no such browser: lynx\nstack', stacktrace: '' }, 500);
        return;
      }
      context = await browser.newContext({ ignoreHTTPSErrors: alwaysMatch.acceptInsecureCerts === true });
      answer({ sessionId: 's1', capabilities: {} });
    } else if (command === 'POST /wd/session/s1/url') {
      const page = await context?.newPage();
      await page?.goto(JSON.parse(text).url);
      answer(null);
    } else {
      await context?.close();
      answer(null);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/wd`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

describeInBrowser('a WebDriver endpoint', (browser) => {
  let endpoint: Endpoint | undefined;
  beforeAll(async () => {
    endpoint = await openEndpoint(browser());
  });
  afterAll(() => endpoint?.close());

  test('opens the page, whose jobs run as on a phone, and is told when it is over', async () => {
    const url = (endpoint?.url ?? '').replace('//', '//me:s%20cret@');
    const device = await openWebDriver(url, { capabilities: { 'farm:options': { os: 'Android' } } });
    try {
      expect(device.name).toMatch(/^Chrome \d+ on Linux$/);
      expect(await device.run(job)).toEqual(result);
    } finally {
      await device.close();
    }
    const { heard = [] } = endpoint ?? {};
    expect(heard.filter((_, i) => i % 3 === 0)).toEqual([
      'POST /wd/session',
      'POST /wd/session/s1/url',
      'DELETE /wd/session/s1',
    ]);
    expect(heard[1]).toBe(`Basic ${Buffer.from('me:s cret').toString('base64')}`);
    expect(JSON.parse(heard[2] ?? '')).toEqual({
      capabilities: { alwaysMatch: { acceptInsecureCerts: true, 'farm:options': { os: 'Android' } } },
    });
    expect(JSON.parse(heard[5] ?? '').url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
  });

  test('that refuses is quoted', async () => {
    const refused = openWebDriver(endpoint?.url ?? '', { capabilities: { browserName: 'lynx' } });
    await expect(refused).rejects.toThrow(/LCC6207: The WebDriver endpoint failed: no such browser: lynx\n/);
  });

  test('that is not there is named', async () => {
    await expect(openWebDriver('http://127.0.0.1:9')).rejects.toThrow(/LCC6207: .*\n {2}at http:\/\/127\.0\.0\.1:9\n/);
    await expect(openWebDriver('nowhere')).rejects.toThrow(
      'LCC6207: The WebDriver endpoint failed: this is not a URL.',
    );
  });
});

const chromedriver = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromedriver'))
  .find((file) => existsSync(file));

describe.skipIf(chromedriver === undefined)('chromedriver', () => {
  let driver: ChildProcess | undefined;
  afterAll(() => driver?.kill());

  test('drives a browser that measures', async () => {
    const { path, libraries = '' } = await findBrowser();
    const url = await new Promise<string>((resolve, reject) => {
      const search = [process.env.LD_LIBRARY_PATH, libraries].filter((place) => place).join(':');
      const env = { ...process.env, LD_LIBRARY_PATH: search };
      driver = spawn(chromedriver ?? '', ['--port=0'], { env });
      let text = '';
      driver.stdout?.on('data', (part) => {
        text += part;
        const port = /successfully on port (\d+)/.exec(text)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
      });
      driver.once('error', reject);
      driver.once('exit', () => reject(new Error(text)));
    });
    const options = { binary: path, args: ['--headless=new', '--no-sandbox', '--disable-dev-shm-usage'] };
    const device = await openWebDriver(url, { capabilities: { 'goog:chromeOptions': options } });
    try {
      expect(await device.run(job)).toEqual(result);
    } finally {
      await device.close();
    }
  });
});
