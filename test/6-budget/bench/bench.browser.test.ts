import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BenchResult, openBench } from '../../../compiler/6-budget/bench/bench.ts';
import { findBrowser } from '../../../compiler/6-budget/browser/index.ts';
import { quantile } from '../../../compiler/6-budget/timing/statistics.ts';
import { onnxModel } from '../../harness/onnx-model.ts';

const hasBrowser = await findBrowser().then(
  () => true,
  () => false,
);

const shape = [1, 1000];
const model = onnxModel({
  inputs: [{ name: 'x', dtype: 'float32', shape }],
  outputs: [{ name: 'y', dtype: 'float32', shape }],
  nodes: [{ op: 'Abs', inputs: ['x'], outputs: ['y'] }],
});
/** A module with the interface of a bundle. */
const bundle = (formula: string) =>
  new Map([
    [
      'index.js',
      new TextEncoder().encode(`export const load = async ({ backend }) => ({
        backend,
        run: async ({ x }) => ({ y: x.map((v) => ${formula}) }),
      });`),
    ],
  ]);

describe.skipIf(!hasBrowser)('bench', () => {
  let opened: Awaited<ReturnType<typeof openBench>> | undefined;
  beforeAll(async () => {
    opened = await openBench();
  });
  afterAll(() => opened?.close());
  const bench = (formula: string, against: boolean): Promise<BenchResult> | undefined =>
    opened?.bench({
      bundle: bundle(formula),
      ...(against ? { model } : {}),
      inputs: [{ name: 'x', dtype: 'float32', shape }],
      backend: 'wasm',
      rounds: 6,
      coldPages: 1,
    });

  test('measures two engines in one page and compares what they compute', async () => {
    const result = await bench('Math.abs(v)', true);
    expect(result?.worst).toBe(0);
    expect(result?.engines.map(({ engine, backend }) => [engine, backend])).toEqual([
      ['lcc', 'wasm'],
      ['onnxruntime-web', 'wasm'],
    ]);
    for (const { first, median, p90 } of result?.engines ?? []) {
      expect(first).toBeGreaterThan(0);
      expect(median).toBeGreaterThan(0);
      expect(p90).toBeGreaterThanOrEqual(median);
    }
  });

  test('says by how much the engines differ', async () => {
    const result = await bench('Math.abs(v) * 1.5', true);
    expect(result?.worst).toBeCloseTo(1 / 3, 5);
  });

  test('measures the bundle alone', async () => {
    expect((await bench('v', false))?.engines.map(({ engine }) => engine)).toEqual(['lcc']);
  });
});

test('quantiles are of the sorted samples', () => {
  const samples = [5, 1, 4, 2, 3, 10, 6, 8, 7, 9];
  expect([quantile(samples, 0), quantile(samples, 0.5), quantile(samples, 0.9), quantile([3], 0.5)]).toEqual([
    1, 6, 10, 3,
  ]);
});
