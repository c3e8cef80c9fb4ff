import type { Browser } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { printReport } from '../../../compiler/5-emit/report/print-report.ts';
import { serve } from '../../../compiler/6-budget/browser/index.ts';
import type { KernelTimes, Manifest } from '../../../compiler/ir/report.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { buildSmall, buildSmaller, manifestOf } from '../../harness/report-manifest.ts';

interface Shown {
  /** what the console said, and requests beyond the page itself */
  readonly complaints: readonly string[];
  /** pixels wider than the window */
  readonly overflow: number;
  readonly figures: number;
  readonly captions: readonly string[];
  /** headers without a scope, figures without a name, links to nothing */
  readonly faults: number;
  readonly background: string;
  /** of text on the background, and on each kind of tile */
  readonly contrasts: readonly number[];
}

async function show(browser: Browser, page: string, width: number, colorScheme: 'light' | 'dark'): Promise<Shown> {
  const server = await serve({ files: { '/index.html': page } });
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  try {
    const tab = await context.newPage();
    const complaints: string[] = [];
    tab.on('console', (message) => complaints.push(message.text()));
    tab.on('pageerror', (error) => complaints.push(error.message));
    tab.on('request', (request) => {
      const url = request.url();
      if (url !== `${server.url}/` && !url.startsWith('data:')) complaints.push(url);
    });
    await tab.goto(`${server.url}/`);
    const seen = await tab.evaluate(inspect);
    return { complaints, ...seen };
  } finally {
    await context.close();
    await server.close();
  }
}

/** In the page, every table unfolded. */
function inspect(): Omit<Shown, 'complaints'> {
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  for (const details of all('details')) details.setAttribute('open', '');
  const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).slice(0, 3).map((v) => Number(v) / 255);
  const luminance = (color: string) =>
    channels(color)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0);
  const contrast = (a: string, b: string) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
    return (high + 0.05) / (low + 0.05);
  };
  const { backgroundColor: background, color } = getComputedStyle(document.body);
  const soft = getComputedStyle(all('.note')[0]!).color;
  const tiles = all('.key.weights, .key.wasm, .key.shaders, .key.JavaScript').map(
    (tile) => getComputedStyle(tile).backgroundColor,
  );
  return {
    overflow: document.documentElement.scrollWidth - innerWidth,
    figures: all('figure').length,
    captions: all('table > caption').map((caption) => caption.textContent ?? ''),
    faults: [
      ...all('th:not([scope])'),
      ...all('svg.plot:not([aria-label]), .treemap:not([aria-label]), .bars:not([aria-label])'),
      ...all('nav a').filter((link) => !document.querySelector(link.getAttribute('href') ?? 'none')),
    ].length,
    background,
    contrasts: [contrast(background, color), contrast(background, soft), ...tiles.map((tile) => contrast(tile, color))],
  };
}

describeInBrowser('report.html in a browser', (browser) => {
  let exact: Manifest;
  let smaller: Manifest;
  beforeAll(async () => {
    exact = await manifestOf(await buildSmall());
    smaller = await manifestOf(await buildSmaller({ maxSize: '13KB' }));
  }, 120_000);

  const timesOf = ({ calls }: Manifest): KernelTimes[] => {
    const measured = {
      browser: 'Chrome/1.2',
      runs: 10,
      milliseconds: { whole: 1, sum: calls.length },
      calls: calls.map(() => 1),
    };
    const adapter = 'a vendor, its architecture and a long description of the driver';
    return [
      { ...measured, backend: 'wasm' },
      { ...measured, backend: 'webgpu', adapter, isSoftware: true },
    ];
  };

  it.each([
    [390, 'light'],
    [390, 'dark'],
    [1200, 'light'],
    [1200, 'dark'],
  ] as const)('is whole at %d pixels, %s', async (width, scheme) => {
    for (const manifest of [exact, smaller]) {
      const shown = await show(browser(), printReport(manifest, timesOf(manifest)), width, scheme);
      expect(shown.complaints).toEqual([]);
      expect(shown.overflow).toBeLessThanOrEqual(0);
      expect(shown.faults).toBe(0);
      expect(Math.min(...shown.contrasts)).toBeGreaterThan(4.5);
    }
  });

  it('has a figure for each part, a table for each figure, and colours of its own for each scheme', async () => {
    const [light, dark] = [
      await show(browser(), printReport(smaller, timesOf(smaller)), 390, 'light'),
      await show(browser(), printReport(smaller, timesOf(smaller)), 390, 'dark'),
    ];
    expect(light.background).not.toBe(dark.background);
    expect(light.captions).toEqual([
      'bytes by layer and part',
      'files, bytes',
      'wasm kernels, in the order of a run',
      'WebGPU kernels, in the order of a run',
      'weight matrices and ranks',
      'singular values over the largest',
      'after each step',
      'actions in order',
      'measured builds, smallest first',
      'buffers',
    ]);
    const spectra = smaller.spectra.length;
    // treemap, times of two backends, spectra, steps and actions, size and time against metric and error, memory
    expect(light.figures).toBe(1 + 2 + spectra + 2 + 4 + 1);
    expect((await show(browser(), printReport(exact), 390, 'light')).figures).toBe(1 + spectra + 1);
  });
});
