import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Model } from '../../runtime/abi.ts';
import { measureMetrics } from '../data/measure-metrics.ts';
import { defaultMetric, openMetric } from '../data/metrics/index.ts';
import { openData } from '../data/open.ts';
import { bundleNotRun } from '../diagnostics/budget.ts';
import { labelsMissing } from '../diagnostics/metric.ts';
import type { Accuracy } from './accuracy-rows.ts';
import { bundlePorts } from './bundle-ports.ts';
import type { BundleFiles } from './read-bundle.ts';

/**
 * A metric of the bundle on evaluation data, run on wasm in this process. @param source as for lcc build --evaluation
 * @throws LccError LCC7xxx for data that cannot be read or has no labels, LCC6109 for a bundle that does not load here
 */
export async function measureAccuracy(
  { manifest, files }: BundleFiles,
  source: string,
  metricName?: string,
): Promise<Accuracy> {
  const { name = 'the bundle' } = manifest;
  const { inputs, outputs } = bundlePorts(manifest);
  const data = await openData(source, inputs);
  const metric = await openMetric(metricName ?? defaultMetric(data));
  if (metric.needs === 'reference') throw labelsMissing(source, metric.name, 'a metric that labels decide');
  const model = await loadHere(files).catch((error: unknown) => {
    throw bundleNotRun(name, error instanceof Error ? error.message : String(error));
  });
  try {
    const [result] = await measureMetrics([metric], { data, outputs, run: (feeds) => model.run(feeds) });
    return { name: metric.name, value: result?.value ?? Number.NaN };
  } finally {
    model.dispose();
  }
}

/** The bundle's own code on its own files, from a folder that is gone once it has been read. */
async function loadHere(files: ReadonlyMap<string, Uint8Array>): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), 'lcc-check-'));
  try {
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
    const bundle: { load(options: object): Promise<Model> } = await import(
      pathToFileURL(join(folder, 'index.js')).href
    );
    return await bundle.load({ backend: 'wasm' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
