import { isSoftwareAdapter } from '../../../runtime/webgpu.ts';
import type { Backend } from '../../../targets/target.ts';
import { browserOf } from '../browser/browser-of.ts';
import { bundleSite } from '../bundle-site.ts';
import { compileLoadModule, saltBytes } from '../calibrate/compile-load.ts';
import { fillOperands } from '../calibrate/fill-operands.ts';
import { calibrationModule, multiplyAdds, places } from '../calibrate/kernels.ts';
import { clockStep } from '../clock-step.ts';
import type { RunPage } from '../device/device.ts';
import { makeFeeds, type PortTask } from '../page-feeds.ts';
import { noteMemories } from '../page-memory.ts';
import { type TimingResult, type TimingTask, timeInPage } from './page.ts';
import { type Sampled, sampleRounds } from './statistics.ts';

export interface TimesTask {
  /** the bundle's files by path */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly inputs: readonly PortTask[];
  readonly backend: Backend;
  readonly wants: { readonly coldStart: boolean; readonly latency: boolean };
  /** rounds of a steady page, and seconds it may take; 100 and 3 by default */
  readonly rounds?: number;
  readonly seconds?: number;
  /** pages so far, and all */
  readonly onPage?: (done: number, all: number) => void;
}

/** What a browser showed of a bundle on one backend. */
export interface Times {
  readonly browser: string;
  /** the WebGPU adapter is software: times would mean nothing, and there are none */
  readonly isSoftware: boolean;
  /** bytes of its memories and buffers */
  readonly memory: number;
  readonly coldStart?: Sampled;
  readonly latency?: Sampled;
}

const coldPages = 15;
const steadyPages = 3;

/**
 * Times a bundle in fresh pages: one for each cold start, and several for runs once warm, since pages differ too.
 * @throws LccError LCC6004 where a page fails
 */
export async function measureTimes(task: TimesTask, runPage: RunPage): Promise<Times> {
  const { files, inputs, backend, wants, rounds = 100, seconds = 3 } = task;
  const calibration = calibrationModule();
  const compileLoad = compileLoadModule();
  let pages = 0;
  const measure = async (mode: TimingTask['mode']): Promise<TimingResult> => {
    // Engines keep what they compiled: every page gets other bytes.
    new DataView(compileLoad.buffer).setUint32(compileLoad.length - saltBytes, ++pages);
    const argument: TimingTask = {
      mode,
      backend,
      inputs,
      calibration,
      multiplyAdds,
      places,
      compileLoad,
      rounds,
      seconds,
    };
    const result = await runPage({ ...bundleSite(files), module, argument, timeout: 300_000 });
    task.onPage?.(pages, 1 + (wants.coldStart ? coldPages : 0) + (wants.latency ? steadyPages : 0));
    return result as TimingResult;
  };
  // The first page of a browser pays for the browser's own processes: nobody's start is measured there.
  const first = await measure('cold');
  const seen = { browser: browserOf(first.userAgent), isSoftware: first.isSoftware, memory: first.memory };
  if (first.isSoftware) return seen;
  const cold: TimingResult[] = [];
  for (let page = 0; wants.coldStart && page < coldPages; page++) cold.push(await measure('cold'));
  const steady: TimingResult[] = [];
  for (let page = 0; wants.latency && page < steadyPages; page++) steady.push(await measure('steady'));
  return {
    ...seen,
    ...(wants.coldStart && { coldStart: sampleRounds(cold.map((page) => page.rounds)) }),
    ...(wants.latency && { latency: sampleRounds(steady.map((page) => page.rounds)) }),
  };
}

const module = `const time = ${timeInPage.toString()};
const parts = {
  load: (path) => import(path),
  clockStep: ${clockStep.toString()},
  makeFeeds: ${makeFeeds.toString()},
  noteMemories: ${noteMemories.toString()},
  fillOperands: ${fillOperands.toString()},
  isSoftwareAdapter: ${isSoftwareAdapter.toString()},
};
export default (task) => time(task, parts);`;
