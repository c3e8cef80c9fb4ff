import type { makeFeeds, PortTask } from '../page-feeds.ts';
import type { noteMemories } from '../page-memory.ts';
import type { differenceOf } from './difference.ts';
import type { BackendName, Feed, OpenEngine, OpenInPage, OpenTask, Results, RivalName } from './engines/engine.ts';

/** `lcc reusing`: the bundle again, every run into the same result arrays. */
export type EngineName = 'lcc' | 'lcc reusing' | RivalName;

export interface PageTask {
  /** engines to open, in this order */
  readonly engines: readonly EngineName[];
  readonly backend: BackendName;
  /** cold: time from nothing loaded to the first output. steady: medians of interleaved rounds. */
  readonly mode: 'cold' | 'steady';
  /** as rivals take them, and as the bundle does */
  readonly inputs: readonly PortTask[];
  readonly bundleInputs: readonly PortTask[];
  readonly outputs: readonly string[];
  readonly rounds: number;
}

export interface EngineTimes {
  readonly engine: EngineName;
  /** the backend that ran */
  readonly backend: string;
  /** milliseconds per run: one for a cold start, one per round else */
  readonly samples: readonly number[];
  /** steady: largest difference of any output from the first engine's, over the largest absolute value; else 0 */
  readonly worst: number;
}

export interface PageResult {
  readonly times: readonly EngineTimes[];
  /** cold: bytes of all wasm memories of the page after the first output; else 0 */
  readonly memory: number;
}

/** What the page's module holds beside `measureInPage`. */
export interface PageParts {
  readonly open: Readonly<Record<string, OpenInPage>>;
  readonly load: OpenTask['load'];
  readonly makeFeeds: typeof makeFeeds;
  readonly differenceOf: typeof differenceOf;
  readonly noteMemories: typeof noteMemories;
}

/**
 * Runs in the page, as its own text: it may refer to nothing outside itself.
 * Engines take turns, the order reversed every round; a sample is the mean of as many runs as fill five milliseconds.
 */
export async function measureInPage(task: PageTask, parts: PageParts): Promise<PageResult> {
  const feedsOf = (inputs: readonly PortTask[]): Feed[] => {
    const arrays = parts.makeFeeds(inputs);
    return inputs.map((input) => {
      const data = arrays[input.name];
      if (data === undefined) throw new Error(`no feed for ${input.name}`);
      return { ...input, data };
    });
  };
  const [rivalFeeds, bundleFeeds] = [feedsOf(task.inputs), feedsOf(task.bundleInputs)];
  const open = async (name: EngineName): Promise<OpenEngine> => {
    const reusesResults = name === 'lcc reusing';
    const isBundle = reusesResults || name === 'lcc';
    const feeds = isBundle ? bundleFeeds : rivalFeeds;
    const openEngine = parts.open[isBundle ? 'lcc' : name];
    if (openEngine === undefined) throw new Error(`no engine ${name}`);
    return openEngine({ backend: task.backend, feeds, outputs: task.outputs, reusesResults, load: parts.load });
  };

  const times = task.engines.map((engine) => ({ engine, backend: '', samples: [] as number[], worst: 0 }));
  if (task.mode === 'cold') {
    const countMemory = parts.noteMemories();
    for (const entry of times) {
      const start = performance.now();
      const engine = await open(entry.engine);
      await engine.run();
      entry.samples.push(performance.now() - start);
      entry.backend = engine.backend;
    }
    return { times, memory: countMemory() };
  }

  const engines: OpenEngine[] = [];
  for (const name of task.engines) engines.push(await open(name));
  const repeats: number[] = [];
  let first: Results | undefined;
  for (const [i, engine] of engines.entries()) {
    const results = await engine.run();
    first ??= results;
    const start = performance.now();
    let runs = 0;
    while (runs < 5 || (performance.now() - start < 300 && runs < 1000)) {
      await engine.run();
      runs++;
    }
    repeats.push(Math.ceil((5 * runs) / Math.max(performance.now() - start, 1e-3)));
    const entry = times[i];
    if (entry === undefined) continue;
    entry.backend = engine.backend;
    entry.worst = parts.differenceOf(first, results);
  }
  const order = engines.map((_, i) => i);
  for (let round = 0; round < task.rounds; round++) {
    for (const i of order) {
      const count = repeats[i] ?? 1;
      const start = performance.now();
      for (let run = 0; run < count; run++) await engines[i]?.run();
      times[i]?.samples.push((performance.now() - start) / count);
    }
    order.reverse();
  }
  return { times, memory: 0 };
}
