import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StaticServer, serve } from '../../compiler/6-budget/browser/index.ts';
import type { Model } from '../../runtime/abi.ts';
import { explain, longest, probabilityOf } from '../../samples/sentiment/page/explain.ts';
import { parseVocabulary } from '../../samples/sentiment/page/vocabulary.ts';
import { wordsOf } from '../../samples/sentiment/page/words.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { runCli } from '../harness/run-cli.ts';
import { repository } from '../harness/source-imports.ts';

const sample = join(repository, 'samples/sentiment');

/** Types a sentence, waits until its words are shown, and reads the page. */
async function read(page: Page, sentence: string) {
  await page.fill('#text', sentence);
  const wanted = wordsOf(sentence).slice(0, longest).join(' ');
  await page.waitForFunction((words) => {
    const shown = [...document.querySelectorAll('#words li span:first-child')];
    return shown.map((span) => span.textContent).join(' ') === words;
  }, wanted);
  const [sign = '', percent = ''] = (await page.locator('#answer').innerText()).split(/\s/);
  const parts = await page.locator('#words li span:last-child').allInnerTexts();
  return {
    sign,
    percent: Number(percent),
    parts: parts.map((part) => Number(part.replace('−', '-'))),
    isNegative: await page
      .locator('#words li')
      .evaluateAll((items) => items.map((item) => item.classList.contains('negative'))),
    sum: await page.locator('#sum').innerText(),
  };
}

describeInBrowser('samples/sentiment', (browser) => {
  let server: StaticServer;
  let model: Model;
  beforeAll(async () => {
    const { code, stdout, stderr } = await runCli(['build'], sample);
    if (code !== 0) throw new Error(`lcc build: exit code ${code}\n${stderr}${stdout}`);
    execFileSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', join(sample, 'page')]);
    const { load } = await import(pathToFileURL(join(sample, 'dist/model/index.js')).href);
    model = await load();
    server = await serve({ folders: { '/': sample } });
  });
  afterAll(() => server?.close());

  /** The same bundle in this process. */
  const expected = (sentence: string) =>
    explain(wordsOf(sentence), parseVocabulary(readFileSync(join(sample, 'vocabulary.txt'), 'utf8')), async (tokens) =>
      Array.from((await model.run({ tokens })).logits ?? [], Number),
    );

  test('a person types sentences and sees the answer, and what each word adds', async () => {
    const page = await browser().newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (entry) => faults.push(entry.text()));
    page.on('request', (request) => {
      if (!/^(data:|http:\/\/127\.0\.0\.1)/.test(request.url())) faults.push(request.url());
    });
    await page.goto(`${server.url}/`);
    for (const [sentence, sign] of [
      ['A warm, funny film with a big heart.', 'positive'],
      ["It's a dull, lifeless mess.", 'negative'],
      ['The acting is superb, but the jokes fall flat.', 'negative'],
    ] as const) {
      const shown = await read(page, sentence);
      const { logOdds, parts } = await expected(sentence);
      expect(shown.sign).toBe(sign);
      const positive = probabilityOf(logOdds);
      const probability = 100 * (sign === 'positive' ? positive : 1 - positive);
      expect(Math.abs(shown.percent - Math.min(99, probability))).toBeLessThanOrEqual(0.51);
      expect(shown.parts).toHaveLength(parts.length);
      for (const [i, { adds }] of parts.entries()) {
        expect(Math.abs((shown.parts[i] ?? Number.NaN) - adds)).toBeLessThanOrEqual(0.0051);
        expect(shown.isNegative[i]).toBe(adds < 0);
      }
    }
    expect(await page.locator('#backend').innerText()).toBe('wasm');
    expect(await page.locator('#time').innerText()).toMatch(/^[1-9][\d.]* (µs|ms)$/);
    expect(await page.locator('#message').innerText()).toBe('');
    await page.close();
    expect(faults).toEqual([]);
  });

  test('the examples, no text, unknown words and long texts', async () => {
    const page = await browser().newPage({ viewport: { width: 390, height: 844 } });
    await page.goto(`${server.url}/`);
    await page.waitForSelector('#words li');
    const first = await page.inputValue('#text');
    await page.click('#another');
    expect(await page.inputValue('#text')).not.toBe(first);
    await page.fill('#text', ' . ');
    await page.waitForFunction(() => document.getElementById('answer')?.textContent === '–');
    expect(await page.locator('#words li').count()).toBe(0);
    await read(page, 'a zyzzyvan film');
    expect(await page.locator('#words .unknown').innerText()).toContain('zyzzyvan');
    const long = await read(page, Array.from({ length: 60 }, () => 'good').join(' '));
    expect(long.parts).toHaveLength(longest);
    expect(long.sum).toContain(`The model reads ${longest} words; 4 more were left out.`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.close();
  });
});
