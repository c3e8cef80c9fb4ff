import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, type StaticServer, serve } from '../../compiler/6-budget/browser/index.ts';
import type { Model } from '../../runtime/abi.ts';
import { featuresOf, loudestSecond } from '../../samples/keyword/features.ts';
import { softmax } from '../../samples/keyword/page/softmax.ts';
import { readRecordings } from '../../samples/keyword/train/recordings.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { runCli } from '../harness/run-cli.ts';
import { sharedFolder } from '../harness/shared.ts';
import { repository } from '../harness/source-imports.ts';
import { glide, waveFile } from './spoken-sounds.ts';

const sample = join(repository, 'samples/keyword');
const shared = sharedFolder();

const fakeMicrophone = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** "ee" to "oh", once in 1.5 s. */
const voice = glide([300, 2300], [500, 900], 1.5);

const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
const waitForAnswer = (page: Page) =>
  page.waitForFunction(() => document.getElementById('answer')?.textContent !== '–', undefined, { timeout: 30_000 });
const waitForMessage = (page: Page) =>
  page.waitForFunction(() => document.getElementById('message')?.textContent !== '', undefined, { timeout: 30_000 });

/** As the page shows them, in percent. */
const shown = async (page: Page): Promise<number[]> =>
  (await page.locator('#bars li span:last-child').allTextContents()).map((percent) => Number.parseFloat(percent));

describeInBrowser('samples/keyword', (browser) => {
  let server: StaticServer;
  let model: Model;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    const { code, stdout, stderr } = await runCli(['build'], sample);
    if (code !== 0) throw new Error(`lcc build: exit code ${code}\n${stderr}${stdout}`);
    execFileSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', join(sample, 'page')]);
    server = await serve({ folders: { '/': sample } });
    model = await (await import(pathToFileURL(join(sample, 'dist/model/index.js')).href)).load();
    folder = mkdtempSync(join(tmpdir(), 'lcc-keyword-'));
    file = join(folder, 'voice.wav');
    writeFileSync(file, waveFile(voice));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await server.close();
  });

  /** The page, ready, with what goes wrong on it and every request that leaves it. */
  async function open(on: Browser, url = server.url) {
    const page = await on.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (entry) => faults.push(entry.text()));
    page.on('request', (request) => {
      if (!/^(data:|blob:)/.test(request.url()) && !request.url().startsWith(url)) faults.push(request.url());
    });
    await page.goto(`${url}/`);
    await page.waitForFunction(() => document.getElementById('backend')?.textContent === 'wasm');
    return { page, faults };
  }

  async function expected(samples: Float32Array): Promise<number[]> {
    const { logits } = await model.run({ image: featuresOf(loudestSecond(samples)) });
    return Array.from(softmax(Float32Array.from(logits ?? [], Number)), (v) => 100 * v);
  }

  /** Percentages are rounded to 0.1; browsers scale 16 bits by 1 / 32767 or 1 / 32768. */
  function expectClose(found: readonly number[], wanted: readonly number[]): void {
    expect(found).toHaveLength(wanted.length);
    expect(Math.max(...wanted.map((v, i) => Math.abs(v - (found[i] ?? Number.NaN))))).toBeLessThan(0.1);
  }

  test('a WAV file: the page shows the probabilities that the bundle gives in Node', async () => {
    const { page, faults } = await open(browser());
    await page.setInputFiles('#file', file);
    await waitForAnswer(page);
    const wanted = await expected(voice);
    expectClose(await shown(page), wanted);
    expect(await text(page, 'answer')).toBe(String(wanted.indexOf(Math.max(...wanted))));
    expect(await text(page, 'time')).toMatch(/^[1-9][\d.]* (µs|ms)$/);
    expect(await text(page, 'features-time')).toMatch(/^[1-9][\d.]* (µs|ms)$/);
    await page.close();
    expect(faults).toEqual([]);
  });

  test.skipIf(shared === undefined)('recordings of the test split are heard', async () => {
    const held = readRecordings(join(shared ?? '', 'data/fsdd/recordings_0-14.tar.gz')).filter(
      ({ speaker, index }) => speaker === 'jackson' && index === 0,
    );
    const { page, faults } = await open(browser());
    for (const { digit, samples } of held) {
      const buffer = waveFile(samples);
      await page.setInputFiles('#file', { name: `${digit}.wav`, mimeType: 'audio/wav', buffer });
      await page.waitForFunction((wanted) => document.getElementById('answer')?.textContent === wanted, String(digit));
      expectClose(await shown(page), await expected(samples));
    }
    await page.close();
    expect(held).toHaveLength(10);
    expect(faults).toEqual([]);
  });

  test('a file of another rate is resampled, and may be dropped on the page', async () => {
    const slow = Float32Array.from({ length: 6 * voice.length }, (_, i) => between(voice, i / 6));
    const { page, faults } = await open(browser());
    await drop(page, 'voice.wav', waveFile(slow, 48_000));
    await waitForAnswer(page);
    const wanted = await expected(voice);
    expect(await text(page, 'answer')).toBe(String(wanted.indexOf(Math.max(...wanted))));
    await page.close();
    expect(faults).toEqual([]);
  });

  test('a file that is no sound, and silence, are told apart from digits', async () => {
    const { page } = await open(browser());
    await page.setInputFiles('#file', file);
    await waitForAnswer(page);
    await page.setInputFiles('#file', { name: 'notes.wav', mimeType: 'audio/wav', buffer: Buffer.from('no sound') });
    await waitForMessage(page);
    expect(await text(page, 'message')).toBe('“notes.wav” is no sound that this browser can read.');
    expect(await text(page, 'answer')).toBe('–');
    const silence = waveFile(new Float32Array(8000));
    await page.setInputFiles('#file', { name: 'silence.wav', mimeType: 'audio/wav', buffer: silence });
    await page.waitForFunction(() => document.getElementById('message')?.textContent?.includes('quiet'));
    expect(await text(page, 'answer')).toBe('–');
    await page.close();
  });

  test('the microphone is recorded, and hears what the file holds', async () => {
    const hearing = await launchBrowser({ flags: [...fakeMicrophone, `--use-file-for-fake-audio-capture=${file}`] });
    const { page, faults } = await open(hearing);
    await page.click('#record');
    await page.waitForFunction(() => document.getElementById('action')?.textContent === 'Say it now');
    await waitForAnswer(page);
    const wanted = await expected(voice);
    expect(await text(page, 'answer')).toBe(String(wanted.indexOf(Math.max(...wanted))));
    expect(await text(page, 'action')).toBe('Record');
    await hearing.close();
    expect(faults).toEqual([]);
  });

  test('a second press ends the recording', async () => {
    const hearing = await launchBrowser({ flags: fakeMicrophone });
    const { page, faults } = await open(hearing);
    await page.click('#record');
    await page.waitForFunction(() => document.getElementById('action')?.textContent === 'Say it now');
    await page.click('#record');
    await page.waitForFunction(() => document.getElementById('action')?.textContent === 'Record');
    // at once, so that there is no block yet, or beeps of the fake device
    expect(await text(page, 'message')).toMatch(/^(It was too quiet to hear a digit\.)?$/);
    await hearing.close();
    expect(faults).toEqual([]);
  });

  test.each([
    ['NotFoundError', 'This device has no microphone.'],
    ['NotReadableError', 'The microphone does not answer: another program may hold it.'],
    ['AbortError', 'The microphone did not open: AbortError.'],
  ])('%s is told as a sentence', async (name, message) => {
    const { page, faults } = await open(browser());
    await page.evaluate((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name));
    }, name);
    await page.click('#record');
    await waitForMessage(page);
    expect(await text(page, 'message')).toBe(`${message} A WAV file works here too.`);
    await page.close();
    expect(faults).toEqual([]);
  });

  test.each([
    {
      name: 'that is refused',
      flags: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream=deny'],
      message: 'The microphone was refused. The browser’s settings for this page allow it again.',
    },
    {
      name: 'of a page that is not secure',
      flags: [...fakeMicrophone, '--host-resolver-rules=MAP keyword.example 127.0.0.1'],
      host: 'keyword.example',
      message: 'Browsers lend the microphone to pages on https or localhost only.',
    },
  ])('a microphone $name: the page says so, and takes a file', async ({ flags, host = '127.0.0.1', message }) => {
    const refusing = await launchBrowser({ flags });
    const { page, faults } = await open(refusing, server.url.replace('127.0.0.1', host));
    await page.click('#record');
    await waitForMessage(page);
    expect(await text(page, 'message')).toBe(`${message} A WAV file works here too.`);
    expect(await text(page, 'action')).toBe('Record');
    await page.setInputFiles('#file', file);
    await waitForAnswer(page);
    expect(await text(page, 'message')).toBe('');
    await refusing.close();
    expect(faults).toEqual([]);
  });
});

const between = (samples: Float32Array, at: number): number => {
  const i = Math.floor(at);
  return (1 - (at - i)) * (samples[i] ?? 0) + (at - i) * (samples[i + 1] ?? 0);
};

async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([name, base64]) => {
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: 'audio/wav' }));
      return transfer;
    },
    [name, bytes.toString('base64')] as const,
  );
  for (const event of ['dragover', 'drop']) await page.dispatchEvent('#sound', event, { dataTransfer: transfer });
}
