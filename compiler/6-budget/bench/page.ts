import type { makeFeeds, PortTask } from '../page-feeds.ts';

/** One engine in the page: how to load it and run it once. */
interface Engine {
  readonly backend: string;
  readonly run: () => Promise<readonly ArrayLike<number | bigint>[]>;
}

/** `lcc reusing`: the bundle again, every run into the same result arrays. */
export type EngineName = 'lcc' | 'lcc reusing' | 'onnxruntime-web';

export interface PageTask {
  /** engines to open, in this order */
  readonly engines: readonly EngineName[];
  readonly backend: 'wasm' | 'webgpu';
  /** cold: time from nothing loaded to the first output. steady: medians of interleaved rounds. */
  readonly mode: 'cold' | 'steady';
  readonly inputs: readonly PortTask[];
  readonly rounds: number;
}

export interface EngineTimes {
  readonly engine: EngineName;
  /** the backend that ran */
  readonly backend: string;
  /** milliseconds per run: one for a cold start, one per round else */
  readonly samples: readonly number[];
}

export interface PageResult {
  readonly times: readonly EngineTimes[];
  /** largest difference of any output between the first engine and the last, over the largest absolute value; 0 for one */
  readonly worst: number;
}

type Feed = { readonly dtype: string; readonly shape: readonly number[]; readonly data: ArrayBufferView };

/**
 * Runs in the page, as its own text: it may refer to nothing outside itself. `load` imports a module of the page's site.
 * Engines take turns, the order reversed every round; a sample is the mean of as many runs as fill five milliseconds.
 */
export async function measureInPage(
  task: PageTask,
  load: (path: string) => Promise<Record<string, unknown>>,
  feedsFor: typeof makeFeeds,
): Promise<PageResult> {
  const openFeeds = (): Record<string, Feed> => {
    const arrays = feedsFor(task.inputs);
    return Object.fromEntries(
      task.inputs.map(({ name, dtype, shape }) => {
        const data = arrays[name];
        if (data === undefined) throw new Error(`no feed for ${name}`);
        return [name, { dtype, shape, data }];
      }),
    );
  };

  const openLcc = async (feeds: Record<string, Feed>, reuses: boolean): Promise<Engine> => {
    const bundle = (await load('/bundle/index.js')) as {
      load(
        options: object,
      ): Promise<{ backend: string; run(feeds: object, results?: object): Promise<Record<string, ArrayLike<number>>> }>;
    };
    const model = await bundle.load({ backend: task.backend });
    const arrays = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, feed.data]));
    const results = reuses ? await model.run(arrays) : {};
    const run = async () => Object.values(await model.run(arrays, results));
    return { backend: model.backend, run };
  };

  const openOnnxRuntime = async (feeds: Record<string, Feed>): Promise<Engine> => {
    const file = task.backend === 'wasm' ? 'ort.wasm.min.mjs' : 'ort.webgpu.min.mjs';
    const ort = (await load(`/onnxruntime/${file}`)) as {
      env: { wasm: { numThreads: number; wasmPaths: string }; logLevel: string };
      Tensor: new (dtype: string, data: ArrayBufferView, shape: readonly number[]) => object;
      InferenceSession: {
        create(
          path: string,
          options: object,
        ): Promise<{ run(feeds: object): Promise<Record<string, { getData(): Promise<ArrayLike<number>> }>> }>;
      };
    };
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = `${location.origin}/onnxruntime/`;
    ort.env.logLevel = 'error';
    const session = await ort.InferenceSession.create('/model.onnx', { executionProviders: [task.backend] });
    const tensors = Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [name, new ort.Tensor(feed.dtype, feed.data, feed.shape)]),
    );
    const run = async () => Promise.all(Object.values(await session.run(tensors)).map((output) => output.getData()));
    return { backend: task.backend, run };
  };

  const open = (name: PageTask['engines'][number], feeds: Record<string, Feed>) =>
    name === 'onnxruntime-web' ? openOnnxRuntime(feeds) : openLcc(feeds, name === 'lcc reusing');

  const difference = (a: readonly ArrayLike<number | bigint>[], b: readonly ArrayLike<number | bigint>[]): number => {
    let worst = 0;
    let largest = 0;
    a.forEach((output, i) => {
      for (let j = 0; j < output.length; j++) {
        const x = Number(output[j]);
        largest = Math.max(largest, Math.abs(x));
        worst = Math.max(worst, Math.abs(x - Number(b[i]?.[j])));
      }
    });
    return worst === 0 ? 0 : worst / largest;
  };

  const feeds = openFeeds();
  const times = task.engines.map((engine) => ({ engine, backend: '', samples: [] as number[] }));
  if (task.mode === 'cold') {
    for (const entry of times) {
      const start = performance.now();
      const engine = await open(entry.engine, feeds);
      await engine.run();
      entry.samples.push(performance.now() - start);
      entry.backend = engine.backend;
    }
    return { times, worst: 0 };
  }

  const engines: Engine[] = [];
  for (const name of task.engines) engines.push(await open(name, feeds));
  const outputs: (readonly ArrayLike<number | bigint>[])[] = [];
  const repeats: number[] = [];
  for (const [i, engine] of engines.entries()) {
    outputs.push(await engine.run());
    const start = performance.now();
    let runs = 0;
    while (runs < 5 || (performance.now() - start < 300 && runs < 1000)) {
      await engine.run();
      runs++;
    }
    repeats.push(Math.ceil((5 * runs) / Math.max(performance.now() - start, 1e-3)));
    const entry = times[i];
    if (entry !== undefined) entry.backend = engine.backend;
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
  const [first = []] = outputs;
  return { times, worst: difference(first, outputs.at(-1) ?? first) };
}
