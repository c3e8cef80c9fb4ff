import { afterEach, expect, test, vi } from 'vitest';
import { fillOperands } from '../../../compiler/6-budget/calibrate/fill-operands.ts';
import { calibrationModule, multiplyAdds, places } from '../../../compiler/6-budget/calibrate/kernels.ts';
import { clockStep } from '../../../compiler/6-budget/clock-step.ts';
import { makeFeeds } from '../../../compiler/6-budget/page-feeds.ts';
import { noteMemories } from '../../../compiler/6-budget/page-memory.ts';
import { type TimingTask, timeInPage } from '../../../compiler/6-budget/timing/page.ts';
import { quantile } from '../../../compiler/6-budget/timing/statistics.ts';
import { isSoftwareAdapter } from '../../../runtime/webgpu.ts';

const { instantiate, instantiateStreaming, Instance, Memory } = WebAssembly;
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  Object.assign(WebAssembly, { instantiate, instantiateStreaming, Instance, Memory });
});

/** Milliseconds of one run. */
const run = 0.05;

const busy = (): void => {
  const end = process.hrtime.bigint() + BigInt(1e6 * run);
  while (process.hrtime.bigint() < end);
};

const task: TimingTask = {
  mode: 'steady',
  backend: 'wasm',
  inputs: [],
  calibration: calibrationModule(),
  multiplyAdds,
  places,
  compileLoad: new Uint8Array(),
  rounds: 20,
  seconds: 0,
};

test.each([0, 1])('a clock of %s ms tells how long a run takes', async (step) => {
  const now = performance.now.bind(performance);
  if (step > 0) vi.spyOn(performance, 'now').mockImplementation(() => step * Math.floor(now() / step));
  vi.stubGlobal('navigator', { userAgent: 'a test' });
  const model = { backend: 'wasm', run: async () => busy() };
  const load = async () => ({ load: async () => model });
  const parts = { load, clockStep, makeFeeds, noteMemories, fillOperands, isSoftwareAdapter };
  const { rounds } = await timeInPage(task, parts);
  expect(rounds.length).toBe(20);
  const least = quantile(
    rounds.map(({ ms }) => ms),
    0,
  );
  expect(least).toBeGreaterThan(0.7 * run);
  expect(least).toBeLessThan(2 * run);
});
