import type { makeFeeds, PortTask } from '../page-feeds.ts';
import type { outputsAgree as agree } from './outputs-agree.ts';

type Load = (path: string) => Promise<unknown>;

interface Model {
  run(feeds: object): Promise<Record<string, ArrayLike<number | bigint>>>;
}

/** Runs in the page, as its own text: the wasm module that the bundle takes in this browser. */
export async function takeModule(load: Load): Promise<Uint8Array> {
  let taken = new Uint8Array();
  const compile = WebAssembly.compile;
  WebAssembly.compile = (bytes) => {
    taken = new Uint8Array(ArrayBuffer.isView(bytes) ? bytes.buffer.slice(0) : bytes.slice(0));
    return compile(bytes);
  };
  // Without it the runtime reads the module and compiles its bytes.
  Reflect.deleteProperty(WebAssembly, 'compileStreaming');
  const bundle = (await load('/bundle/index.js')) as { load(options: object): Promise<Model> };
  await bundle.load({ backend: 'wasm' });
  return taken;
}

export interface KernelTask {
  readonly inputs: readonly PortTask[];
  /** with a clock (instrument.ts), and what its parts are called */
  readonly module: Uint8Array;
  readonly clock: { readonly module: string; readonly name: string };
  readonly idle: string;
  /** calls in `run` */
  readonly calls: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Times in milliseconds. */
export interface KernelRound {
  /** one run of the bundle as it is */
  readonly whole: number;
  /** each call's part of one run, the clock's ticks with it */
  readonly calls: readonly number[];
  /** of one tick of the clock */
  readonly tick: number;
}

export interface KernelResult {
  readonly userAgent: string;
  /** Both modules gave the same outputs. */
  readonly agrees: boolean;
  /** how often one run makes each call */
  readonly repeats: readonly number[];
  /** runs of each in a round */
  readonly runs: number;
  readonly rounds: readonly KernelRound[];
}

/**
 * Runs in the page, as its own text: it may refer to nothing outside itself. The bundle as it is and the one with a clock take
 * turns. A clock that is coarser than a kernel is right on average, since every tick begins where the one before it ended.
 */
export async function timeKernelsInPage(
  task: KernelTask,
  load: Load,
  feedsFor: typeof makeFeeds,
  outputsAgree: typeof agree,
): Promise<KernelResult> {
  const sums = new Float64Array(task.calls + 2);
  const ticked = new Uint32Array(sums.length);
  let last = 0;
  const tick = (site: number): void => {
    const now = performance.now();
    sums[site] = (sums[site] ?? 0) + now - last;
    ticked[site] = (ticked[site] ?? 0) + 1;
    last = now;
  };
  let idle: (times: number) => void = () => {};
  const instantiate = WebAssembly.instantiate;
  const withClock = async (module: WebAssembly.Module): Promise<WebAssembly.Instance> => {
    const instance = await instantiate(module, { [task.clock.module]: { [task.clock.name]: tick } });
    idle = instance.exports[task.idle] as typeof idle;
    return instance;
  };
  const bundle = (await load('/bundle/index.js')) as { load(options: object): Promise<Model> };
  const plain = await bundle.load({ backend: 'wasm' });
  Object.assign(WebAssembly, { instantiate: withClock });
  const wasm = await WebAssembly.compile(task.module as BufferSource);
  const clocked = await bundle.load({ backend: 'wasm', wasm });

  const feeds = feedsFor(task.inputs);
  const [expected, found] = [await plain.run(feeds), await clocked.run(feeds)];
  const repeats = [...ticked.subarray(0, task.calls)];
  const agrees = outputsAgree(expected, found);
  const timed = async (model: Model, runs: number): Promise<number> => {
    const start = performance.now();
    for (let run = 0; run < runs; run++) await model.run(feeds);
    return performance.now() - start;
  };
  // Engines replace no call that is under way: many short ones.
  let runs = 0;
  const began = performance.now();
  while (runs < 20 || (performance.now() - began < 300 && runs < 2000)) {
    await plain.run(feeds);
    await clocked.run(feeds);
    idle(100);
    runs++;
  }
  const count = Math.max(1, Math.ceil(5 / ((await timed(plain, 5)) / 5 + 1e-4)));
  const ticks = 2000;
  const rounds: KernelRound[] = [];
  const start = performance.now();
  while (rounds.length < task.rounds && (rounds.length < 8 || performance.now() - start < 1000 * task.seconds)) {
    const whole = (await timed(plain, count)) / count;
    sums.fill(0);
    await timed(clocked, count);
    const calls = [...sums.subarray(0, task.calls)].map((sum) => sum / count);
    const from = performance.now();
    idle(ticks);
    rounds.push({ whole, calls, tick: (performance.now() - from) / ticks });
  }
  return { userAgent: navigator.userAgent, agrees, repeats, runs: count, rounds };
}
