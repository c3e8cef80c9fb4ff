import { notABundle } from '../../diagnostics/budget.ts';
import { bug } from '../../diagnostics/internal.ts';
import { bundleWithoutBackend } from '../../diagnostics/report.ts';
import type { Manifest, WasmKernelTimes } from '../../ir/report.ts';
import { browserOf } from '../browser/browser-of.ts';
import { launchBrowser, runInPage } from '../browser/index.ts';
import { bundlePorts } from '../bundle-ports.ts';
import { bundleSite } from '../bundle-site.ts';
import { makeFeeds } from '../page-feeds.ts';
import { clockImport, idleExport, instrument } from './instrument.ts';
import { outputsAgree } from './outputs-agree.ts';
import { type KernelResult, type KernelTask, takeModule, timeKernelsInPage } from './page.ts';
import { meanOf, quieterHalf, sumOf, toNanoseconds } from './quieter-half.ts';

export interface KernelOptions {
  /** at most, once there are 8; 200 by default */
  readonly rounds?: number;
  /** after which no further round begins; 2 by default */
  readonly seconds?: number;
}

/**
 * Times every call of a bundle's wasm module in a real browser, on random inputs: the module that the browser takes, with a clock
 * between its kernels, in turns with the module as it is. @throws LccError LCC60xx without a browser, LCC6301 without wasm
 */
export async function measureKernels(
  folder: string,
  manifest: Manifest,
  { rounds = 200, seconds = 2 }: KernelOptions = {},
): Promise<WasmKernelTimes> {
  if (!manifest.backends.includes('wasm')) throw bundleWithoutBackend(folder, 'wasm', manifest.backends);
  if (!manifest.calls) throw notABundle(folder, 'lcc.json lists no calls, an earlier lcc wrote it');
  const browser = await launchBrowser();
  const run = (module: string, argument?: unknown) =>
    runInPage(browser, { ...bundleSite(folder), module, argument, timeout: 300_000 });
  try {
    const bytes = (await run(takingModule)) as Uint8Array;
    const calls = manifest.calls.length;
    const module = instrument(bytes, calls);
    const task: KernelTask = {
      inputs: bundlePorts(manifest).inputs,
      module,
      clock: clockImport,
      idle: idleExport,
      calls,
      rounds,
      seconds,
    };
    return summarise((await run(timingModule, task)) as KernelResult);
  } finally {
    await browser.close();
  }
}

const takingModule = `const take = ${takeModule.toString()};
export default () => take((path) => import(path));`;

const timingModule = `const time = ${timeKernelsInPage.toString()};
const makeFeeds = ${makeFeeds.toString()};
const outputsAgree = ${outputsAgree.toString()};
export default (task) => time(task, (path) => import(path), makeFeeds, outputsAgree);`;

/** Means over the quieter half of the rounds, the clock's own time taken out. */
function summarise({ userAgent, agrees, repeats, runs, rounds }: KernelResult): WasmKernelTimes {
  if (!agrees) throw bug('the module with a clock gives other outputs');
  const wholes = quieterHalf(rounds, ({ whole }) => whole);
  const clocked = quieterHalf(rounds, ({ calls }) => sumOf(calls));
  const tick = meanOf(quieterHalf(rounds, (round) => round.tick).map((round) => round.tick));
  const calls = repeats.map((times, call) =>
    toNanoseconds(Math.max(0, meanOf(clocked.map((one) => one.calls[call] ?? 0)) - times * tick)),
  );
  const whole = toNanoseconds(meanOf(wholes.map((one) => one.whole)));
  return {
    backend: 'wasm',
    browser: browserOf(userAgent),
    runs: runs * clocked.length,
    milliseconds: { whole, sum: toNanoseconds(sumOf(calls)) },
    calls,
  };
}
