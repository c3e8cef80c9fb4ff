import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StaticServer, serve } from '../../compiler/6-budget/browser/index.ts';
import type { Stroke } from '../../samples/digits/page/strokes-to-image.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { runCli } from '../harness/run-cli.ts';
import { repository } from '../harness/source-imports.ts';
import { drawnDigits } from './drawn-digits.ts';

const sample = join(repository, 'samples/digits');

/** With the mouse; the strokes are in sides of the pad. */
async function draw(page: Page, strokes: readonly Stroke[]): Promise<void> {
  const box = await page.locator('#pad').boundingBox();
  if (!box) throw new Error('the pad is not on the page');
  for (const stroke of strokes) {
    for (const [i, { x, y }] of stroke.entries()) {
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
      if (i === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
}

const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
const waitForText = (page: Page, id: string, wanted: string) =>
  page.waitForFunction(([id, wanted]) => document.getElementById(id ?? '')?.textContent === wanted, [id, wanted]);

describeInBrowser('samples/digits', (browser) => {
  let server: StaticServer;
  beforeAll(async () => {
    const { code, stdout, stderr } = await runCli(['build'], sample);
    if (code !== 0) throw new Error(`lcc build: exit code ${code}\n${stderr}${stdout}`);
    execFileSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', join(sample, 'page')]);
    server = await serve({ folders: { '/': sample } });
  });
  afterAll(() => server?.close());

  test('a person draws digits and sees the answers, the backend and the time', async () => {
    const page = await browser().newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (entry) => faults.push(entry.text()));
    await page.goto(`${server.url}/`);
    await waitForText(page, 'backend', 'wasm');
    for (const digit of [0, 1, 4, 7]) {
      await draw(page, drawnDigits[digit] ?? []);
      await waitForText(page, 'answer', String(digit));
      expect(await page.locator('#bars li.best span').first().textContent()).toBe(String(digit));
      expect(await text(page, 'time')).toMatch(/^[1-9][\d.]* (µs|ms)$/);
      await page.click('#clear');
      await waitForText(page, 'answer', '–');
    }
    await page.close();
    expect(faults).toEqual([]);
  });

  test('WebGPU reads the same drawing', async () => {
    const page = await browser().newPage();
    await page.goto(`${server.url}/`);
    await waitForText(page, 'backend', 'wasm');
    await draw(page, drawnDigits[3] ?? []);
    await waitForText(page, 'answer', '3');
    const before = await page.locator('#bars').innerText();
    await page.selectOption('#choice', 'webgpu');
    await waitForText(page, 'backend', 'WebGPU');
    expect(await page.locator('#bars').innerText()).toBe(before);
    await page.close();
  });

  test('a browser without WebGPU says so and goes on with wasm', async () => {
    const page = await browser().newPage();
    await page.addInitScript(() => Object.defineProperty(navigator, 'gpu', { value: undefined }));
    await page.goto(`${server.url}/`);
    await waitForText(page, 'backend', 'wasm');
    await page.selectOption('#choice', 'webgpu');
    await page.waitForFunction(() => document.getElementById('message')?.textContent !== '');
    await draw(page, drawnDigits[7] ?? []);
    await waitForText(page, 'answer', '7');
    expect(await text(page, 'backend')).toBe('wasm');
    expect(await text(page, 'message')).toContain('WebGPU');
    await page.close();
  });

  test('a finger draws too, and the page does not scroll away from it', async () => {
    const context = await browser().newContext({
      hasTouch: true,
      isMobile: true,
      viewport: { width: 390, height: 700 },
    });
    const page = await context.newPage();
    await page.goto(`${server.url}/`);
    await waitForText(page, 'backend', 'wasm');
    const touch = await context.newCDPSession(page);
    const box = await page.locator('#pad').boundingBox();
    for (const [i, { x, y }] of (drawnDigits[7]?.[0] ?? []).entries()) {
      const touchPoints = [{ x: (box?.x ?? 0) + x * (box?.width ?? 0), y: (box?.y ?? 0) + y * (box?.height ?? 0) }];
      await touch.send('Input.dispatchTouchEvent', { type: i === 0 ? 'touchStart' : 'touchMove', touchPoints });
    }
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await waitForText(page, 'answer', '7');
    expect(await page.evaluate(() => scrollY)).toBe(0);
    await context.close();
  });
});
