import type { makeFeeds, PortTask } from '../page-feeds.ts';
import type { makeDispatchClock } from './dispatch-clock.ts';
import type { outputsAgree as agree } from './outputs-agree.ts';

export interface WebGpuKernelTask {
  readonly inputs: readonly PortTask[];
  /** times a software adapter too */
  readonly acceptsSoftware: boolean;
  readonly rounds: number;
  readonly seconds: number;
}

/** Times in milliseconds. */
export interface WebGpuKernelRound {
  /** one run of the bundle as it is */
  readonly whole: number;
  /** of each dispatch of one run */
  readonly dispatches: readonly number[];
}

export type WebGpuKernelResult =
  | { readonly kind: 'no adapter' }
  | { readonly kind: 'software'; readonly adapter: string }
  | { readonly kind: 'no timestamps'; readonly adapter: string }
  | {
      readonly kind: 'measured';
      readonly adapter: string;
      readonly isSoftware: boolean;
      readonly userAgent: string;
      /** Runs with a clock gave the same outputs. */
      readonly agrees: boolean;
      /** what each dispatch of one run is (dispatch-clock.ts) */
      readonly dispatches: readonly string[];
      /** runs of each kind in a round */
      readonly runs: number;
      readonly rounds: readonly WebGpuKernelRound[];
    };

interface Model {
  run(feeds: object): Promise<Record<string, ArrayLike<number | bigint>>>;
}

/**
 * Runs in the page, as its own text: it may refer to nothing outside itself. Runs as they are and runs with a clock between
 * dispatches take turns.
 */
export async function timeOnGpu(
  task: WebGpuKernelTask,
  load: (path: string) => Promise<unknown>,
  feedsFor: typeof makeFeeds,
  makeClock: typeof makeDispatchClock,
  isSoftwareAdapter: (adapter: GPUAdapter) => boolean,
  outputsAgree: typeof agree,
): Promise<WebGpuKernelResult> {
  const found = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!found) return { kind: 'no adapter' };
  const { vendor, architecture, description } = found.info;
  const adapter = [vendor, architecture, description].filter((part) => part).join(' ') || 'of unknown kind';
  const isSoftware = isSoftwareAdapter(found);
  if (isSoftware && !task.acceptsSoftware) return { kind: 'software', adapter };
  if (!found.features.has('timestamp-query')) return { kind: 'no timestamps', adapter };

  const device = await found.requestDevice({ requiredFeatures: ['timestamp-query'] });
  const { clock } = makeClock(device);
  const bundle = (await load('/bundle/index.js')) as { load(options: object): Promise<Model> };
  const model = await bundle.load({ backend: 'webgpu', device });
  const feeds = feedsFor(task.inputs);
  // With the clock first: passes that did nothing would leave no right outputs to be read.
  const first = await clock(() => model.run(feeds));
  const expected = await model.run(feeds);
  const agrees = outputsAgree(expected, first.result);

  const timed = async (runs: number): Promise<number> => {
    const start = performance.now();
    for (let run = 0; run < runs; run++) await model.run(feeds);
    return (performance.now() - start) / runs;
  };
  const began = performance.now();
  let warm = 0;
  while (warm < 5 || (performance.now() - began < 300 && warm < 500)) {
    await model.run(feeds);
    await clock(() => model.run(feeds));
    warm++;
  }
  const runs = Math.max(1, Math.ceil(5 / ((await timed(3)) + 1e-4)));
  const rounds: WebGpuKernelRound[] = [];
  const start = performance.now();
  while (rounds.length < task.rounds && (rounds.length < 8 || performance.now() - start < 1000 * task.seconds)) {
    const whole = await timed(runs);
    const sums = first.dispatches.map(() => 0);
    for (let run = 0; run < runs; run++) {
      const { milliseconds } = await clock(() => model.run(feeds));
      for (const [i, ms] of milliseconds.entries()) sums[i] = (sums[i] ?? 0) + ms;
    }
    rounds.push({ whole, dispatches: sums.map((sum) => sum / runs) });
  }
  return {
    kind: 'measured',
    adapter,
    isSoftware,
    userAgent: navigator.userAgent,
    agrees,
    dispatches: first.dispatches,
    runs,
    rounds,
  };
}
