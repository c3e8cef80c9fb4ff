import { expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { launchBrowser, runInPage } from '../../../compiler/6-budget/browser/index.ts';
import { bundleSite } from '../../../compiler/6-budget/bundle-site.ts';
import { type ClockedRun, makeDispatchClock } from '../../../compiler/6-budget/kernel-times/dispatch-clock.ts';
import { measureWebGpuKernels } from '../../../compiler/6-budget/kernel-times/measure-webgpu-kernels.ts';
import { timeOnGpu } from '../../../compiler/6-budget/kernel-times/webgpu-page.ts';
import { makeFeeds } from '../../../compiler/6-budget/page-feeds.ts';
import type { LccError } from '../../../compiler/diagnostics/index.ts';
import type { Program, Step } from '../../../compiler/ir/program.ts';
import { makeAxis } from '../../../compiler/kernel/index-expr.ts';
import type { NestKernel } from '../../../compiler/kernel/nest.ts';
import { dim } from '../../../compiler/tensor/shape.ts';
import { isSoftwareAdapter } from '../../../runtime/webgpu.ts';
import { targets } from '../../../targets/index.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { withBundleOf } from '../../harness/bundle-of-program.ts';
import { largeProgram } from '../../harness/large-program.ts';
import { repeatProgram } from '../../harness/repeat-program.ts';
import { smallNetwork } from '../../harness/small-network.ts';

const target = targets['mobile-webgpu'];

const measure = (program: Program, singleFile = false) =>
  withBundleOf(
    program,
    target,
    async (folder, manifest) => ({
      manifest,
      times: await measureWebGpuKernels(folder, manifest, { gpu: 'software', rounds: 8, seconds: 1 }),
    }),
    singleFile,
  );

type Outputs = Readonly<Record<string, Float32Array>>;

/** In the page: a run as it is, one with the clock, and one as it is again. */
const clockModule = `const makeFeeds = ${makeFeeds.toString()};
const makeClock = ${makeDispatchClock.toString()};
export default async (inputs) => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice({ requiredFeatures: ['timestamp-query'] });
  const { clock } = makeClock(device);
  const model = await (await import('/bundle/index.js')).load({ backend: 'webgpu', device });
  const [feeds, nothing] = [makeFeeds(inputs), makeFeeds(inputs)];
  for (const name in nothing) nothing[name].fill(0);
  const plain = await model.run(feeds);
  await model.run(nothing);
  const clocked = await clock(() => model.run(feeds));
  await model.run(nothing);
  return { plain, clocked, again: await model.run(feeds) };
};`;

describeInBrowser('kernel times on WebGPU', (browser) => {
  it('are there for every call, most of them in the call that does most', async () => {
    const { manifest, times } = await measure(largeProgram());
    const { calls, milliseconds, adapter } = times;
    expect(times).toMatchObject({
      backend: 'webgpu',
      isSoftware: true,
      browser: expect.stringMatching(/^Chrome \d+ on /),
    });
    expect(adapter).toContain('swiftshader');
    expect(calls).toHaveLength(manifest.calls.length);
    for (const ms of calls) expect(ms).toBeGreaterThan(0);
    expect(calls.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(milliseconds.sum, 4);
    const kernels = manifest.kernels.filter(({ backend }) => backend === 'webgpu');
    const shares = manifest.calls.map(({ kernel }) => kernels[kernel]!.macShare);
    const largest = calls.indexOf(Math.max(...calls));
    expect(shares[largest]).toBe(Math.max(...shares));
    // One run is its kernels and what lies between page and GPU.
    expect(milliseconds.whole).toBeGreaterThan(milliseconds.sum / 4);
    expect(times.runs).toBeGreaterThan(0);
  }, 120_000);

  it('are those of one file too', async () => {
    const { manifest, times } = await measure(lower(smallNetwork()), true);
    expect(times.calls).toHaveLength(manifest.calls.length);
    for (const ms of times.calls) expect(ms).toBeGreaterThan(0);
  }, 120_000);

  it('of a loop count all its rounds', async () => {
    const { times } = await measure(repeatProgram());
    const [first = 0, , ten = 0] = times.calls;
    expect(times.calls).toHaveLength(3);
    expect(ten).toBeGreaterThan(first);
  }, 120_000);

  it('of a call on nothing are nothing', async () => {
    const [first, , ten] = repeatProgram().kernels as readonly NestKernel[];
    const empty = { ...first!, body: [{ kind: 'loop', axis: makeAxis('i', dim(0)), body: [] }] } as const;
    const [step] = repeatProgram().steps;
    const steps = [0, 1, 2].map((kernel) => ({ ...(step as Extract<Step, { kind: 'call' }>), kernel }));
    const { manifest, times } = await measure({ ...repeatProgram(), kernels: [first!, empty, ten!], steps });
    expect(manifest.calls.map(({ kernel }) => kernel)).toEqual([0, 1, 2]);
    expect(times.calls.map((ms) => ms > 0)).toEqual([true, false, true]);
  }, 120_000);

  it('change no output, with more dispatches than a query set holds too', async () => {
    const inner = { kind: 'repeat', count: 1000, steps: repeatProgram().steps.slice(1) } as const;
    for (const { steps, added, dispatches } of [
      { steps: repeatProgram().steps, added: 1 + 5 * 21, dispatches: 1 + 5 * 3 },
      { steps: [...repeatProgram().steps.slice(0, 1), inner], added: 1 + 1000 * 5 * 21, dispatches: 1 + 1000 * 15 },
    ]) {
      const program = { ...repeatProgram(), steps };
      const run = (folder: string) =>
        runInPage(browser(), { ...bundleSite(folder), module: clockModule, argument: program.inputs });
      const { plain, clocked, again } = (await withBundleOf(program, target, run)) as {
        readonly plain: Outputs;
        readonly clocked: ClockedRun<Outputs>;
        readonly again: Outputs;
      };
      expect(clocked.result).toEqual(plain);
      expect(again).toEqual(plain);
      expect(Math.abs(plain.y![0]! - added)).toBeLessThan(1);
      expect(clocked.milliseconds).toHaveLength(dispatches);
      expect(clocked.dispatches.map((text) => text.slice(0, 1)).slice(0, 7)).toEqual([
        '0',
        '1',
        '2',
        '2',
        '1',
        '2',
        '2',
      ]);
      expect(clocked.milliseconds.filter((ms) => ms === 0)).toEqual([]);
    }
  }, 120_000);

  it('are refused where there is no GPU and nobody asked for a software adapter', async () => {
    const seen = await launchBrowser({ gpu: 'hardware' });
    const adapter = await runInPage(seen, { module: adapterModule }).finally(() => seen.close());
    const expected = { none: 'LCC6304', software: 'LCC6305', hardware: 'webgpu' }[adapter as string];
    await withBundleOf(lower(smallNetwork()), target, async (folder, manifest) => {
      const told = await measureWebGpuKernels(folder, manifest, { rounds: 8, seconds: 0 }).then(
        ({ backend }) => backend,
        (error: LccError) => error.diagnostic.code,
      );
      expect(told).toBe(expected);
    });
  }, 120_000);

  it('are refused where the adapter cannot take them', async () => {
    await withBundleOf(lower(smallNetwork()), target, async (folder, manifest) => {
      const page = { ...bundleSite(folder), module: withoutTimestamps, argument: manifest.inputs };
      expect(await runInPage(browser(), page)).toMatchObject({ kind: 'no timestamps' });
    });
  }, 120_000);
});

const adapterModule = `export default async () => {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  return adapter ? (adapter.info.isFallbackAdapter ? 'software' : 'hardware') : 'none';
};`;

/** In the page: an adapter that has no features. */
const withoutTimestamps = `const time = ${timeOnGpu.toString()};
export default (inputs) => {
  Object.defineProperty(GPUAdapter.prototype, 'features', { get: () => new Set() });
  return time({ inputs, acceptsSoftware: true, rounds: 8, seconds: 0 }, (path) => import(path), undefined, undefined, ${isSoftwareAdapter.toString()});
};`;
