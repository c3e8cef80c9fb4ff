import { launchBrowser, runInPage } from '../browser/index.ts';
import { isolation } from '../browser/isolation.ts';
import { countPages, type Tell } from '../countdown.ts';
import { makeFeeds, type PortTask } from '../page-feeds.ts';
import { noteMemories } from '../page-memory.ts';
import { quantile } from '../timing/statistics.ts';
import { differenceOf } from './difference.ts';
import type { BackendName, Engine, RivalName } from './engines/engine.ts';
import { bundleEngine } from './engines/lcc.ts';
import { type EngineName, measureInPage, type PageResult, type PageTask } from './page.ts';

export interface BenchTask {
  /** the bundle's folder, or its files by path */
  readonly bundle: string | ReadonlyMap<string, Uint8Array>;
  /** engines to measure beside it, each with the model that the bundle was built from */
  readonly rivals?: readonly Engine<RivalName>[];
  readonly inputs: readonly PortTask[];
  /** as the bundle takes them, where it takes others than the rivals */
  readonly bundleInputs?: readonly PortTask[];
  readonly outputs: readonly { readonly name: string }[];
  readonly backend: BackendName;
  /** interleaved rounds of the steady measurement; default 30 */
  readonly rounds?: number;
  /** cold pages per engine, from which `first` and `memory` come; default 9 */
  readonly coldPages?: number;
  /** also measures runs into the same result arrays, which other engines have no way to ask for; default false */
  readonly reusesResults?: boolean;
  readonly onProgress?: Tell;
}

export interface EngineResult {
  readonly engine: EngineName;
  readonly backend: string;
  /** milliseconds from an empty page to the first output, code and weights served from this machine: median */
  readonly first: number;
  /** milliseconds per run once warm: median, and the 90th percentile of the rounds */
  readonly median: number;
  readonly p90: number;
  /** bytes of all wasm memories after the first output */
  readonly memory: number;
  /** largest difference of its outputs from the bundle's, over the bundle's largest absolute value */
  readonly worst: number;
}

export interface BenchResult {
  readonly engines: readonly EngineResult[];
  /** of the engines' */
  readonly worst: number;
}

const defaultColdPages = 9;

export type Bench = (task: BenchTask) => Promise<BenchResult>;

/**
 * Opens one browser for several measurements. Each takes cold pages of its own, one per engine and repeat, then one page
 * where the engines take turns on one thread. @throws LccError without a browser or without an engine's package
 */
export async function openBench(
  gpu: 'software' | 'hardware' = 'software',
): Promise<{ bench: Bench; close(): Promise<void> }> {
  const browser = await launchBrowser({ gpu });
  const bench: Bench = async (task) => {
    const engines: readonly Engine<EngineName>[] = [bundleEngine(task.bundle), ...(task.rivals ?? [])];
    const page = { ...(await siteOf(engines, task.backend)), module: printModule(engines), timeout: 300_000 };
    const { coldPages = defaultColdPages } = task;
    const all = engines.length * coldPages + 1;
    const onPage = countPages(task.onProgress, task.backend);
    let done = 0;
    const measure: MeasureInPage = async (names, mode) => {
      const argument: PageTask = {
        engines: names,
        mode,
        backend: task.backend,
        inputs: task.inputs,
        bundleInputs: task.bundleInputs ?? task.inputs,
        outputs: task.outputs.map(({ name }) => name),
        rounds: task.rounds ?? 30,
      };
      const result = (await runInPage(browser, { ...page, argument })) as PageResult;
      if (names.length > 0) onPage(++done, all);
      return result;
    };
    const [, ...rivals] = engines.map(({ name }) => name);
    const cold = await measureCold(['lcc', ...rivals], coldPages, measure);
    const steady = await measure(['lcc', ...(task.reusesResults ? ['lcc reusing' as const] : []), ...rivals], 'steady');
    return {
      worst: Math.max(...steady.times.map(({ worst }) => worst)),
      engines: steady.times.map(({ engine, backend, samples, worst }) => ({
        engine,
        backend,
        first: quantile(cold.get(engine)?.times ?? [], 0.5),
        median: quantile(samples, 0.5),
        p90: quantile(samples, 0.9),
        memory: quantile(cold.get(engine)?.memories ?? [], 0.5),
        worst,
      })),
    };
  };
  return { bench, close: () => browser.close() };
}

type MeasureInPage = (engines: readonly EngineName[], mode: PageTask['mode']) => Promise<PageResult>;

interface ColdSamples {
  readonly times: number[];
  readonly memories: number[];
}

/** Each engine alone in as many fresh pages; who comes first changes with every round. */
async function measureCold(
  engines: readonly EngineName[],
  pages: number,
  measure: MeasureInPage,
): Promise<ReadonlyMap<EngineName, ColdSamples>> {
  const cold = new Map(engines.map((engine): [EngineName, ColdSamples] => [engine, { times: [], memories: [] }]));
  // The first page of a browser pays for the browser's own processes: nobody's start is measured there.
  if (pages > 0) await measure([], 'cold');
  const order = [...engines];
  for (let page = 0; page < pages; page++) {
    for (const engine of order) {
      const { times, memory } = await measure([engine], 'cold');
      cold.get(engine)?.times.push(...(times[0]?.samples ?? []));
      cold.get(engine)?.memories.push(memory);
    }
    order.reverse();
  }
  return cold;
}

async function siteOf(engines: readonly Engine[], backend: BackendName) {
  const sites = await Promise.all(engines.map((engine) => engine.site(backend)));
  return {
    folders: Object.assign({}, ...sites.map(({ folders }) => folders)),
    files: Object.assign({}, ...sites.map(({ files }) => files)),
    headers: isolation,
  };
}

const printModule = (engines: readonly Engine[]): string => `const measure = ${measureInPage.toString()};
const parts = {
  load: (path) => import(path),
  makeFeeds: ${makeFeeds.toString()},
  differenceOf: ${differenceOf.toString()},
  noteMemories: ${noteMemories.toString()},
  open: {
${engines.map(({ name, open }) => `    ${JSON.stringify(name)}: ${open.toString()},`).join('\n')}
  },
};
export default (task) => measure(task, parts);`;
