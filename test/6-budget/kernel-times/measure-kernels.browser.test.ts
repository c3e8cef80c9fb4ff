import { expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { measureKernels } from '../../../compiler/6-budget/kernel-times/measure-kernels.ts';
import type { Program } from '../../../compiler/ir/program.ts';
import type { KernelTimes, Manifest } from '../../../compiler/ir/report.ts';
import { targets } from '../../../targets/index.ts';
import type { Target } from '../../../targets/target.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { withBundleOf } from '../../harness/bundle-of-program.ts';
import { largeProgram } from '../../harness/large-program.ts';
import { repeatProgram } from '../../harness/repeat-program.ts';
import { smallNetwork } from '../../harness/small-network.ts';

const measure = (program: Program, target: Target, singleFile = false) =>
  withBundleOf(
    program,
    target,
    async (folder, manifest) => ({
      manifest,
      times: await measureKernels(folder, manifest, { rounds: 16, seconds: 1 }),
    }),
    singleFile,
  );

function expectPlausible({ milliseconds, calls, runs, browser }: KernelTimes, manifest: Manifest): void {
  expect(calls).toHaveLength(manifest.calls.length);
  for (const ms of calls) expect(ms).toBeGreaterThanOrEqual(0);
  expect(calls.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(milliseconds.sum, 4);
  expect(milliseconds.sum).toBeGreaterThan(0);
  expect(runs).toBeGreaterThan(0);
  expect(browser).toMatch(/^Chrome \d+ on /);
}

describeInBrowser('kernel times', () => {
  const program = lower(smallNetwork());

  it('are there for every call, and add up to about one run', async () => {
    const { manifest, times } = await measure(largeProgram(), targets['mobile-wasm']);
    expectPlausible(times, manifest);
    const { whole, sum } = times.milliseconds;
    expect(sum / whole).toBeGreaterThan(0.5);
    expect(sum / whole).toBeLessThan(1.5);
    const largest = times.calls.indexOf(Math.max(...times.calls));
    const shares = manifest.calls.map(({ kernel }) => manifest.kernels[kernel]!.macShare);
    expect(shares[largest]).toBe(Math.max(...shares));
  });

  it.each([
    ['one file', targets['mobile-wasm'], true],
    ['the first version of wasm', targets['embedded-wasm'], false],
    ['a module that is imported', targets['edge-worker'], false],
  ] as const)('of %s', async (_, target, singleFile) => {
    const { manifest, times } = await measure(program, target, singleFile);
    expectPlausible(times, manifest);
  });

  it('of a loop count all its rounds', async () => {
    const { manifest, times } = await measure(repeatProgram(), targets['mobile-wasm']);
    expectPlausible(times, manifest);
    expect(manifest.calls.map(({ kernel }) => kernel)).toEqual([0, 1, 2]);
  });
});
