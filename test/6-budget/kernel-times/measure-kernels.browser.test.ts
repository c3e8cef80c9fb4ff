import { expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { emitBundle } from '../../../compiler/5-emit/emit-bundle.ts';
import { generateAllModules, generateCode } from '../../../compiler/5-emit/generate-code.ts';
import { reportCalls } from '../../../compiler/5-emit/report-calls.ts';
import { measureKernels } from '../../../compiler/6-budget/kernel-times/measure-kernels.ts';
import { readManifest } from '../../../compiler/6-budget/read-bundle.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { KernelTimes, Manifest } from '../../../compiler/ir/bundle.ts';
import type { Program } from '../../../compiler/ir/program.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { tensorType } from '../../../compiler/tensor/tensor.ts';
import { targets } from '../../../targets/index.ts';
import type { Target } from '../../../targets/target.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { emptyGraph, reportOf, withFolder } from '../../harness/bundle-folder.ts';
import { repeatProgram } from '../../harness/repeat-program.ts';
import { makeNormal, smallNetwork, weightsOf } from '../../harness/small-network.ts';

async function measure(program: Program, target: Target, singleFile = false) {
  const { code, kernels } = generateCode(program, target);
  const ports = ({ name, dtype, shape }: Program['inputs'][number]) => ({ name, dtype, shape });
  const report = {
    ...reportOf(code),
    inputs: program.inputs.map(ports),
    kernels,
    calls: reportCalls(program),
  };
  const options = { singleFile, version: '0.0.0', original: emptyGraph };
  const files = await emitBundle(generateAllModules(code), report, options);
  return withFolder(files, async (folder) => {
    const manifest = await readManifest(folder);
    return { manifest, times: await measureKernels(folder, manifest, { rounds: 16, seconds: 1 }) };
  });
}

/** Three layers over 64 rows, the middle one by far the largest. */
function largeProgram(): Program {
  const normal = makeNormal(8);
  const builder = new GraphBuilder('large');
  let value = builder.input('x', tensorType('float32', shapeOf([64, 32])));
  for (const sizes of [
    [512, 32],
    [512, 512],
    [8, 512],
  ])
    value = builder.add('linear', [value, builder.constant(weightsOf(normal, sizes, 0.05))]);
  builder.output('y', value);
  return lower(builder.build());
}

function expectPlausible({ milliseconds, calls, runs, browser }: KernelTimes, manifest: Manifest): void {
  expect(calls).toHaveLength(manifest.calls.length);
  for (const ms of calls) expect(ms).toBeGreaterThanOrEqual(0);
  expect(calls.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(milliseconds.sum, 4);
  expect(milliseconds.sum).toBeGreaterThan(0);
  expect(runs).toBeGreaterThan(0);
  expect(browser).toMatch(/^Chrome\/\d/);
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
