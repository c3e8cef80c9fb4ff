import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageMissing } from '../../diagnostics/cli.ts';
import { launchBrowser, runInPage } from '../browser/index.ts';
import { bundleSite } from '../bundle-site.ts';
import { makeFeeds } from '../page-feeds.ts';
import { quantile } from '../timing/statistics.ts';
import { type EngineName, measureInPage, type PageResult, type PageTask } from './page.ts';

export interface BenchTask {
  /** the bundle's folder, or its files by path */
  readonly bundle: string | ReadonlyMap<string, Uint8Array>;
  /** the ONNX model, to measure onnxruntime-web beside it */
  readonly model?: Uint8Array;
  readonly inputs: PageTask['inputs'];
  readonly backend: 'wasm' | 'webgpu';
  /** interleaved rounds of the steady measurement; default 30 */
  readonly rounds?: number;
  /** cold pages per engine; default 9 */
  readonly coldPages?: number;
  /** also measures runs into the same result arrays, which onnxruntime-web has no way to ask for; default false */
  readonly reusesResults?: boolean;
  /** default software */
  readonly gpu?: 'software' | 'hardware';
}

export interface EngineResult {
  readonly engine: EngineName;
  readonly backend: string;
  /** milliseconds from an empty page to the first output, code and weights served from this machine: median */
  readonly first: number;
  /** milliseconds per run once warm: median, and the 90th percentile of the rounds */
  readonly median: number;
  readonly p90: number;
}

export interface BenchResult {
  readonly engines: readonly EngineResult[];
  /** largest difference between the engines' outputs over the largest absolute value; 0 without a second engine */
  readonly worst: number;
}

const defaultColdPages = 9;

export type Bench = (task: BenchTask) => Promise<BenchResult>;

/**
 * Opens one browser for several measurements. Each takes cold pages of its own, one per engine and repeat, then one page
 * where the engines take turns on one thread. @throws LccError without a browser or without onnxruntime-web
 */
export async function openBench(
  gpu: 'software' | 'hardware' = 'software',
): Promise<{ bench: Bench; close(): Promise<void> }> {
  const browser = await launchBrowser({ gpu });
  const bench: Bench = async (task) => {
    const site = siteOf(task);
    const engines: readonly EngineName[] = task.model === undefined ? ['lcc'] : ['lcc', 'onnxruntime-web'];
    const measure = async (names: readonly EngineName[], mode: PageTask['mode']): Promise<PageResult> => {
      const argument: PageTask = {
        engines: names,
        mode,
        backend: task.backend,
        inputs: task.inputs,
        rounds: task.rounds ?? 30,
      };
      const result = await runInPage(browser, { ...site, module, argument, timeout: 300_000 });
      return result as PageResult;
    };
    const cold = new Map<EngineName, number[]>(engines.map((engine) => [engine, []]));
    const pages = task.coldPages ?? defaultColdPages;
    // The first page of a browser pays for the browser's own processes: nobody's start is measured there.
    if (pages > 0) await measure([], 'cold');
    const order = [...engines];
    for (let page = 0; page < pages; page++) {
      for (const engine of order) {
        const { times } = await measure([engine], 'cold');
        cold.get(engine)?.push(...(times[0]?.samples ?? []));
      }
      order.reverse();
    }
    const steady = await measure(task.reusesResults ? ['lcc', 'lcc reusing', ...engines.slice(1)] : engines, 'steady');
    return {
      worst: steady.worst,
      engines: steady.times.map(({ engine, backend, samples }) => ({
        engine,
        backend,
        first: quantile(cold.get(engine) ?? [], 0.5),
        median: quantile(samples, 0.5),
        p90: quantile(samples, 0.9),
      })),
    };
  };
  return { bench, close: () => browser.close() };
}

const module = `const measure = ${measureInPage.toString()};
const makeFeeds = ${makeFeeds.toString()};
export default (task) => measure(task, (path) => import(path), makeFeeds);`;

function siteOf({ bundle, model }: BenchTask) {
  const { folders, files, headers } = bundleSite(bundle);
  if (model === undefined) return { folders, files, headers };
  return {
    folders: { ...folders, '/onnxruntime/': onnxRuntimeFolder() },
    files: { ...files, '/model.onnx': model },
    headers,
  };
}

/** @throws LccError LCC0007 */
function onnxRuntimeFolder(): string {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
    if (existsSync(join(folder, 'ort.wasm.min.mjs'))) return folder;
  } catch {
    // Reported below: not installed and installed without this build are the same to the reader.
  }
  throw packageMissing('onnxruntime-web');
}
