import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecipeSource } from '../../compiler/2-train/recipe.ts';
import { check } from '../../compiler/6-budget/check.ts';
import { downloadOf } from '../../compiler/6-budget/check-result.ts';
import type { DataSet } from '../../compiler/data/data-set.ts';
import { measureMetrics } from '../../compiler/data/measure-metrics.ts';
import { openMetric } from '../../compiler/data/metrics/index.ts';
import { openData } from '../../compiler/data/open.ts';
import { measureSizes } from '../../compiler/ir/file-sizes.ts';
import { readRecipe } from '../../compiler/train.ts';
import type { Model } from '../../runtime/abi.ts';
import { runCli } from '../harness/run-cli.ts';
import { sharedFolder } from '../harness/shared.ts';
import { repository } from '../harness/source-imports.ts';
import { statedSize } from './stated-size.ts';

interface Sample {
  readonly name: string;
  /** folder of its data below that of the shared data */
  readonly data: string;
  /** of the test data: what the sample promises */
  readonly accuracy: number;
  /** bytes that one visitor downloads, brotli: the bundle and the files beside it */
  readonly bytes: number;
  readonly beside: readonly string[];
}

const samples: readonly Sample[] = [
  { name: 'mnist-10kb', data: 'mnist', accuracy: 0.98, bytes: 10_000, beside: [] },
  { name: 'fashion-20kb', data: 'fashion-mnist', accuracy: 0.88, bytes: 20_000, beside: [] },
  { name: 'sentiment', data: 'sst2', accuracy: 0.8, bytes: 150_000, beside: ['vocabulary.txt'] },
];

const shared = sharedFolder();

describe.each(samples)('$name', ({ name, data, accuracy, bytes, beside }) => {
  const home = join(repository, 'samples', name);
  const measured = JSON.parse(readFileSync(join(home, 'accuracy.json'), 'utf8'));
  let folder: string;
  let bundle: string;
  let build: Awaited<ReturnType<typeof runCli>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lcc-sample-'));
    bundle = join(folder, 'bundle');
    build = await runCli(['build', '-o', bundle, '--no-cache'], home);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the committed model builds within its budget, as small as is stated', async () => {
    expect(`${build.code} ${build.stderr}`).toMatch(/^0 /);
    const total = downloadOf(await check(bundle, join(home, 'lcc.budget.json')));
    const others = await Promise.all(beside.map((file) => measureSizes(readFileSync(join(home, file)))));
    const all = others.reduce((sum, { brotli }) => sum + brotli, total);
    expect(all).toBeLessThanOrEqual(bytes);
    for (const stated of [measured.brotli.total, statedSize(name)])
      expect(Math.abs(all / stated - 1)).toBeLessThan(0.01);
    expect(statSync(join(home, 'model.onnx')).size).toBeLessThan(1e6);
  });

  test.skipIf(shared === undefined)('is as accurate on the test data as was measured', async () => {
    const { load } = await import(pathToFileURL(join(bundle, 'index.js')).href);
    const model: Model = await load();
    const { recipe } = await readRecipe(join(home, 'recipe.ts'), {});
    const held = await openTest(recipe.data.test, join(shared ?? '', 'data', data), model);
    const [top1] = await measureMetrics([await openMetric('top-1')], {
      data: held,
      outputs: model.outputs,
      run: (feeds) => model.run(feeds),
    });
    const found = Math.round((top1?.value ?? Number.NaN) * held.size);
    expect(held.size).toBe(measured.testSamples);
    // Relaxed SIMD may round otherwise on another machine: a tie then falls the other way.
    expect(Math.abs(found - measured.correct)).toBeLessThanOrEqual(2);
    expect(found / held.size).toBeGreaterThanOrEqual(accuracy);
  });
});

/** What a recipe tests on, from a folder of data. */
function openTest(source: RecipeSource | undefined, folder: string, { inputs }: Model): Promise<DataSet> {
  const { source: path, options } = typeof source === 'object' && 'source' in source ? source : { source };
  if (typeof path !== 'string') throw new Error('the recipe names no test data by path');
  return openData(join(folder, path), inputs, options);
}
