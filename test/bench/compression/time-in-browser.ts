import { launchBrowser, runInPage } from '../../../compiler/6-budget/browser/index.ts';
import { quantile } from '../../../compiler/6-budget/timing/statistics.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';

/** A bundle's files by path. */
type Files = ReadonlyMap<string, Uint8Array>;

interface Loaded {
  run(feeds: object): Promise<unknown>;
}

/**
 * Runs in the page, as its own text. Bundles take turns on one thread, the order reversed every round; a sample is the mean
 * of as many runs as fill about ten milliseconds.
 */
async function timeInPage(
  { count, feeds, rounds }: { readonly count: number; readonly feeds: Feeds; readonly rounds: number },
  load: (path: string) => Promise<{ load(options: object): Promise<Loaded> }>,
): Promise<number[][]> {
  const models: Loaded[] = [];
  for (let i = 0; i < count; i++) models.push(await (await load(`/bundle-${i}/index.js`)).load({ backend: 'wasm' }));
  const samples = models.map((): number[] => []);
  const batches: number[] = [];
  for (const model of models) {
    for (let i = 0; i < 20; i++) await model.run(feeds);
    const start = performance.now();
    for (let i = 0; i < 5; i++) await model.run(feeds);
    batches.push(Math.max(1, Math.ceil(50 / (performance.now() - start))));
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < count; turn++) {
      const i = round % 2 === 0 ? turn : count - 1 - turn;
      const start = performance.now();
      for (let run = 0; run < (batches[i] ?? 1); run++) await models[i]?.run(feeds);
      samples[i]?.push((performance.now() - start) / (batches[i] ?? 1));
    }
  }
  return samples;
}

const module = `const time = ${timeInPage.toString()};
export default (task) => time(task, (path) => import(path));`;

/** Isolated, so that clocks have their full resolution. */
const headers = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Median milliseconds of a run of each bundle on wasm, interleaved in one page of a headless browser. */
export async function timeInBrowser(bundles: readonly Files[], feeds: Feeds, rounds: number): Promise<number[]> {
  const files = Object.fromEntries(
    bundles.flatMap((bundle, i) => [...bundle].map(([path, bytes]) => [`/bundle-${i}/${path}`, bytes] as const)),
  );
  const browser = await launchBrowser({ gpu: 'software' });
  try {
    const argument = { count: bundles.length, feeds, rounds };
    const samples = await runInPage(browser, { files, headers, module, argument, timeout: 300_000 });
    return (samples as number[][]).map((times) => quantile(times, 0.5));
  } finally {
    await browser.close();
  }
}
