import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { encode } from 'fast-png';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, type StaticServer, serve } from '../../compiler/6-budget/browser/index.ts';
import { type Detections, facesOf } from '../../samples/face/page/faces.ts';
import { fitPicture, inputOf } from '../../samples/face/page/input.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { runCli } from '../harness/run-cli.ts';
import { sharedFolder } from '../harness/shared.ts';
import { repository } from '../harness/source-imports.ts';
import { type DrawnFace, drawFaces } from './drawn-face.ts';

const sample = join(repository, 'samples/face');
const bundle = join(sample, 'dist/model');

/** The detector that a person put there, or that of the shared folder. */
const modelFile = [
  join(sample, 'model.onnx'),
  ...[sharedFolder()].flatMap((folder) => (folder === undefined ? [] : join(folder, 'models/ultraface-slim-320.onnx'))),
].find((file) => existsSync(file));

const pictureOf = (width: number, height: number, faces: readonly DrawnFace[]) => ({
  name: 'faces.png',
  mimeType: 'image/png',
  buffer: Buffer.from(encode({ width, height, data: drawFaces(width, height, faces), channels: 3, depth: 8 })),
});

/**
 * What the page shows: left, top, right and bottom in sides of the picture, and the score as text. Read in one go: a camera
 * has other boxes with each frame.
 */
const boxesOn = (page: Page) =>
  page.evaluate(() => {
    const frame = document.getElementById('frame')?.getBoundingClientRect() ?? new DOMRect();
    const x = (at: number) => (at - frame.left) / frame.width;
    const y = (at: number) => (at - frame.top) / frame.height;
    return [...document.querySelectorAll('#faces li')].map((item) => {
      const box = item.getBoundingClientRect();
      return { corners: [x(box.left), y(box.top), x(box.right), y(box.bottom)], score: item.textContent };
    });
  });

const waitForAnswer = (page: Page, wanted: string) =>
  page.waitForFunction((wanted) => document.getElementById('answer')?.textContent === wanted, wanted);

/** The middle of a box, in pixels of a picture. */
const middleOf = ([left = 0, top = 0, right = 0, bottom = 0]: readonly number[], width: number, height: number) => ({
  x: (width * (left + right)) / 2,
  y: (height * (top + bottom)) / 2,
});

function expectAt(corners: readonly number[], size: { width: number; height: number }, face: DrawnFace): void {
  const { x, y } = middleOf(corners, size.width, size.height);
  expect(Math.abs(x - face.x)).toBeLessThan(face.size / 4);
  expect(Math.abs(y - face.y)).toBeLessThan(face.size / 4);
}

describe.skipIf(modelFile === undefined)('with a face detector', () => {
  describeInBrowser('samples/face', (browser) => {
    let server: StaticServer;
    let run: (input: Float32Array) => Promise<Detections>;

    beforeAll(async () => {
      await build(modelFile ?? '');
      execFileSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', join(sample, 'page')]);
      const { load } = await import(pathToFileURL(join(bundle, 'index.js')).href);
      const model = await load({ backend: 'wasm' });
      run = (input) => model.run({ input });
      server = await serve({ folders: { '/': sample } });
    }, 240_000);
    afterAll(() => server?.close());

    const open = async (from: Browser, size = { width: 390, height: 844 }): Promise<Page> => {
      const page = await from.newPage({ viewport: size });
      await page.goto(`${server.url}/`);
      await page.waitForFunction(() => document.getElementById('backend')?.textContent === 'wasm');
      return page;
    };

    test('a person chooses a picture and sees the boxes that the bundle gives for its pixels', async () => {
      const size = { width: 320, height: 240 };
      const drawn = { x: 120, y: 110, size: 50 };
      const page = await browser().newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (entry) => faults.push(entry.text()));
      page.on('request', (request) => {
        if (!/^(data:|http:\/\/127\.0\.0\.1)/.test(request.url())) faults.push(request.url());
      });
      await page.goto(`${server.url}/`);
      await page.setInputFiles('#file', pictureOf(size.width, size.height, [drawn]));
      await waitForAnswer(page, '1 face');
      expectAt((await boxesOn(page))[0]?.corners ?? [], size, drawn);

      const rgb = drawFaces(size.width, size.height, [drawn]);
      const pixels = Uint8ClampedArray.from({ length: 4 * size.width * size.height }, (_, i) =>
        i % 4 === 3 ? 255 : (rgb[3 * Math.floor(i / 4) + (i % 4)] ?? 0),
      );
      const detections = await run(inputOf(pixels));
      for (const least of [0.7, 0.3]) {
        await page.fill('#least', String(least));
        const expected = facesOf(detections, fitPicture(size), least);
        const shown = await boxesOn(page);
        expect(shown).toHaveLength(expected.length);
        for (const [i, { score, left, top, right, bottom }] of expected.entries()) {
          expect(Number(shown[i]?.score)).toBeCloseTo(score, 1);
          const corners = [left, top, right, bottom];
          for (const [j, corner] of corners.entries()) expect(shown[i]?.corners[j]).toBeCloseTo(corner, 2);
        }
      }
      expect(await page.locator('#time').innerText()).toMatch(/^\d+\.\d ms$/);
      await page.close();
      expect(faults).toEqual([]);
    });

    test('an upright picture, dropped on the page of a phone', async () => {
      const size = { width: 600, height: 800 };
      const faces = [
        { x: 200, y: 240, size: 120 },
        { x: 410, y: 550, size: 90 },
      ];
      const page = await open(browser());
      const bytes = [...pictureOf(size.width, size.height, faces).buffer];
      await page.evaluate((bytes) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], 'faces.png', { type: 'image/png' }));
        document.getElementById('frame')?.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
      }, bytes);
      await waitForAnswer(page, '2 faces');
      const shown = await boxesOn(page);
      for (const face of faces) {
        const near = shown.filter(({ corners }) => middleOf(corners, size.width, size.height).x > 300 === face.x > 300);
        expect(near).toHaveLength(1);
        expectAt(near[0]?.corners ?? [], size, face);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      await page.close();
    });

    test('WebGPU finds the same face', async () => {
      const page = await open(browser());
      await page.setInputFiles('#file', pictureOf(320, 240, [{ x: 160, y: 110, size: 50 }]));
      await waitForAnswer(page, '1 face');
      const [before] = await boxesOn(page);
      await page.selectOption('#choice', 'webgpu');
      await page.waitForFunction(() => document.getElementById('backend')?.textContent === 'WebGPU');
      await page.waitForFunction(() => !document.querySelector('select')?.disabled);
      const [after] = await boxesOn(page);
      expect(after?.score).toBe(before?.score);
      for (const [i, corner] of (before?.corners ?? []).entries()) expect(after?.corners[i]).toBeCloseTo(corner, 3);
      await page.close();
    });

    test('a picture without a face, a file that is no picture, and a camera that is refused', async () => {
      const page = await open(browser());
      await page.setInputFiles('#file', pictureOf(320, 240, []));
      await waitForAnswer(page, 'No faces');
      expect(await page.locator('#faces li').count()).toBe(0);
      const message = page.locator('#message');
      await page.setInputFiles('#file', { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no') });
      await expect.poll(() => message.innerText()).toBe('notes.txt is no picture that this browser can show.');
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
      });
      await page.click('#camera');
      await expect.poll(() => message.innerText()).toContain('The camera was refused.');
      expect(await page.locator('#camera').isEnabled()).toBe(true);
      await page.evaluate(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
      await page.click('#camera');
      await expect.poll(() => message.innerText()).toContain('https:// and localhost only');
      await page.close();
    });

    test('a camera shows a face, until it is stopped', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'lcc-camera-'));
      const film = join(folder, 'face.y4m');
      const size = { width: 640, height: 480 };
      const drawn = { x: 240, y: 220, size: 110 };
      writeFileSync(film, filmOf(drawFaces(size.width, size.height, [drawn]), size));
      const flags = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
      const other = await launchBrowser({ flags: [...flags, `--use-file-for-fake-video-capture=${film}`] });
      try {
        const page = await open(other);
        await page.click('#camera');
        await waitForAnswer(page, '1 face');
        const [shown] = await boxesOn(page);
        // As in a mirror.
        expectAt(shown?.corners ?? [], size, { ...drawn, x: size.width - drawn.x });
        await page.click('#camera');
        expect(await page.locator('#camera').innerText()).toBe('Use the camera');
        await page.setInputFiles('#file', pictureOf(320, 240, []));
        await waitForAnswer(page, 'No faces');
      } finally {
        await other.close();
        rmSync(folder, { recursive: true });
      }
    });
  });
});

/** Builds what the sample's configuration says, of a model that lies elsewhere; fails over budget. */
async function build(model: string): Promise<void> {
  const folder = join(sample, 'dist/elsewhere');
  mkdirSync(folder, { recursive: true });
  const own = { model, out: bundle, budget: join(sample, 'lcc.budget.json') };
  const config = `import config from '../../lcc.config.ts';\nexport default { ...config, ...${JSON.stringify(own)} };\n`;
  writeFileSync(join(folder, 'lcc.config.ts'), config);
  const { code, stdout, stderr } = await runCli(['build'], folder);
  if (code !== 0) throw new Error(`lcc build: exit code ${code}\n${stderr}${stdout}`);
}

/** YUV4MPEG2 of one picture, twice: full luma, chroma of every second pixel of every second row (BT.601). */
function filmOf(rgb: Uint8Array, { width, height }: { readonly width: number; readonly height: number }): Buffer {
  const plane = (step: number, [red, green, blue]: readonly [number, number, number], zero: number) =>
    Uint8Array.from({ length: (width / step) * (height / step) }, (_, i) => {
      const at = 3 * (Math.floor(i / (width / step)) * step * width + (i % (width / step)) * step);
      return zero + red * (rgb[at] ?? 0) + green * (rgb[at + 1] ?? 0) + blue * (rgb[at + 2] ?? 0);
    });
  const frame = [
    Buffer.from('FRAME\n'),
    plane(1, [0.257, 0.504, 0.098], 16),
    plane(2, [-0.148, -0.291, 0.439], 128),
    plane(2, [0.439, -0.368, -0.071], 128),
  ];
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`), ...frame, ...frame]);
}
