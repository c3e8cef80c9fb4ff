import { isSoftwareAdapter } from '../../../runtime/webgpu.ts';
import { notABundle } from '../../diagnostics/budget.ts';
import { bug } from '../../diagnostics/internal.ts';
import {
  bundleWithoutBackend,
  gpuWithoutTimestamps,
  noGpuToTime,
  softwareGpuRefused,
} from '../../diagnostics/report.ts';
import type { Manifest, WebGpuKernelTimes } from '../../ir/report.ts';
import { browserOf } from '../browser/browser-of.ts';
import { launchBrowser, runInPage } from '../browser/index.ts';
import { bundleSite } from '../bundle-site.ts';
import { makeFeeds } from '../page-feeds.ts';
import { callsOfDispatches } from './calls-of-dispatches.ts';
import { makeDispatchClock } from './dispatch-clock.ts';
import type { KernelOptions } from './measure-kernels.ts';
import { outputsAgree } from './outputs-agree.ts';
import { meanOf, quieterHalf, sumOf, toNanoseconds } from './quieter-half.ts';
import { timeOnGpu, type WebGpuKernelResult, type WebGpuKernelTask } from './webgpu-page.ts';

export interface WebGpuKernelOptions extends KernelOptions {
  /** `software` launches, and accepts, an adapter whose times mean nothing; `hardware` by default */
  readonly gpu?: 'software' | 'hardware';
}

/**
 * Times every call of a bundle on WebGPU in a real browser, on random inputs: every dispatch as a pass of its own between two
 * timestamps, in turns with the bundle as it is. @throws LccError LCC60xx without a browser, LCC6301 without WebGPU code,
 * LCC6304 to LCC6306 without an adapter that can be timed
 */
export async function measureWebGpuKernels(
  folder: string,
  manifest: Manifest,
  { rounds = 200, seconds = 2, gpu = 'hardware' }: WebGpuKernelOptions = {},
): Promise<WebGpuKernelTimes> {
  if (!manifest.backends.includes('webgpu')) throw bundleWithoutBackend(folder, 'webgpu', manifest.backends);
  if (!manifest.calls) throw notABundle(folder, 'lcc.json lists no calls, an earlier lcc wrote it');
  const browser = await launchBrowser({ gpu });
  try {
    const argument: WebGpuKernelTask = {
      inputs: manifest.inputs,
      acceptsSoftware: gpu === 'software',
      rounds,
      seconds,
    };
    const run = { ...bundleSite(folder), module: timingModule, argument, timeout: 300_000 };
    return summarise(manifest, (await runInPage(browser, run)) as WebGpuKernelResult);
  } finally {
    await browser.close();
  }
}

const timingModule = `const time = ${timeOnGpu.toString()};
const makeFeeds = ${makeFeeds.toString()};
const makeClock = ${makeDispatchClock.toString()};
const isSoftwareAdapter = ${isSoftwareAdapter.toString()};
const outputsAgree = ${outputsAgree.toString()};
export default (task) => time(task, (path) => import(path), makeFeeds, makeClock, isSoftwareAdapter, outputsAgree);`;

/** Means over the quieter half of the rounds. */
function summarise(manifest: Manifest, result: WebGpuKernelResult): WebGpuKernelTimes {
  if (result.kind === 'no adapter') throw noGpuToTime();
  if (result.kind === 'software') throw softwareGpuRefused(result.adapter);
  if (result.kind === 'no timestamps') throw gpuWithoutTimestamps(result.adapter);
  const { adapter, isSoftware, userAgent, agrees, dispatches, runs, rounds } = result;
  if (!agrees) throw bug('the passes with a clock give other outputs');
  const wholes = quieterHalf(rounds, ({ whole }) => whole);
  const clocked = quieterHalf(rounds, (round) => sumOf(round.dispatches));
  const callOf = callsOfDispatches(manifest, dispatches);
  const milliseconds = manifest.calls.map(() => 0);
  for (const [dispatch, call] of callOf.entries()) {
    const ms = meanOf(clocked.map((round) => round.dispatches[dispatch] ?? 0));
    milliseconds[call] = (milliseconds[call] ?? 0) + ms;
  }
  const calls = milliseconds.map(toNanoseconds);
  return {
    backend: 'webgpu',
    browser: browserOf(userAgent),
    adapter,
    isSoftware,
    runs: runs * clocked.length,
    milliseconds: { whole: toNanoseconds(meanOf(wholes.map(({ whole }) => whole))), sum: toNanoseconds(sumOf(calls)) },
    calls,
  };
}
