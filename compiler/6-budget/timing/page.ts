import type { isSoftwareAdapter } from '../../../runtime/webgpu.ts';
import type { fillOperands } from '../calibrate/fill-operands.ts';
import type { multiplyAdds, places } from '../calibrate/kernels.ts';
import type { clockStep } from '../clock-step.ts';
import type { makeFeeds, PortTask } from '../page-feeds.ts';
import type { noteMemories } from '../page-memory.ts';

export interface TimingTask {
  /** cold: one time from nothing loaded to the first output. steady: rounds, once warm */
  readonly mode: 'cold' | 'steady';
  readonly backend: 'wasm' | 'webgpu';
  readonly inputs: readonly PortTask[];
  /** the calibration kernels (calibrate/kernels.ts), and the multiply-adds of one iteration of each */
  readonly calibration: Uint8Array;
  readonly multiplyAdds: typeof multiplyAdds;
  readonly places: typeof places;
  /** a module to compile and run once (calibrate/compile-load.ts), after a cold start */
  readonly compileLoad: Uint8Array;
  /** of a steady page at most: rounds, and seconds */
  readonly rounds: number;
  readonly seconds: number;
}

/** The bundle's time, and the calibration kernels' rates right beside it. */
export interface Round {
  readonly ms: number;
  /** multiply-adds per second */
  readonly float: number;
  readonly integer: number;
  /** bytes of wasm per second from bytes to done, after a cold start; else 0 */
  readonly compile: number;
}

export interface TimingResult {
  /** it ran on WebGPU, on an adapter that is software */
  readonly isSoftware: boolean;
  readonly userAgent: string;
  readonly rounds: readonly Round[];
  /** bytes of the memories and GPU buffers that the bundle made */
  readonly memory: number;
}

/** What runs in the page beside it, each as its own text. */
export interface PageParts {
  /** imports a module of the page's site */
  readonly load: (path: string) => Promise<unknown>;
  readonly clockStep: typeof clockStep;
  readonly makeFeeds: typeof makeFeeds;
  readonly noteMemories: typeof noteMemories;
  readonly fillOperands: typeof fillOperands;
  readonly isSoftwareAdapter: typeof isSoftwareAdapter;
}

/**
 * Runs in the page, as its own text: it may refer to nothing outside itself. Every round runs the calibration kernels for
 * about half a millisecond each, then the bundle once, or as often as fills a tenth of a millisecond; both for longer where
 * the clock is coarse.
 */
export async function timeInPage(task: TimingTask, parts: PageParts): Promise<TimingResult> {
  interface Model {
    readonly backend: string;
    run(feeds: object): Promise<unknown>;
  }
  const bytesOfMemories = parts.noteMemories();
  let bufferBytes = 0;
  if (typeof GPUDevice !== 'undefined') {
    const createBuffer = GPUDevice.prototype.createBuffer;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      bufferBytes += descriptor.size;
      return createBuffer.call(this, descriptor);
    };
  }
  const open = async (): Promise<Model> => {
    const bundle = (await parts.load('/bundle/index.js')) as { load(options: object): Promise<Model> };
    return bundle.load({ backend: task.backend });
  };

  const start = performance.now();
  const feeds = parts.makeFeeds(task.inputs);
  const model = await open();
  await model.run(feeds);
  const first = performance.now() - start;
  const memory = bytesOfMemories() + bufferBytes;

  const kernels = new WebAssembly.Instance(new WebAssembly.Module(task.calibration as BufferSource)).exports as {
    readonly memory: WebAssembly.Memory;
    readonly float: (iterations: number) => void;
    readonly integer: (iterations: number) => void;
  };
  parts.fillOperands(kernels.memory.buffer, task.places);
  const timed = (work: () => void): number => {
    const began = performance.now();
    work();
    return performance.now() - began;
  };
  const coarse = 20 * parts.clockStep();
  const [kernelTime, runTime] = [Math.max(0.5, coarse), Math.max(0.1, coarse)];
  /** Iterations of a kernel that fill its time. */
  const iterationsOf = (name: 'float' | 'integer'): number => {
    // Engines replace no call that is under way: many short ones.
    for (let call = 0; call < 300; call++) kernels[name](100);
    for (let count = 2000; ; count *= 2) {
      const ms = timed(() => kernels[name](count));
      if (ms > kernelTime / 4) return Math.max(1, Math.round((count * kernelTime) / ms));
    }
  };
  const iterations = { float: iterationsOf('float'), integer: iterationsOf('integer') };
  const rateOf = (name: 'float' | 'integer'): number => {
    const ms = timed(() => kernels[name](iterations[name]));
    return (task.multiplyAdds[name] * iterations[name] * 1000) / Math.max(ms, 0.005);
  };
  /** As the calibration of profiles has it (calibrate/page.ts). */
  const compileRate = async (): Promise<number> => {
    const began = performance.now();
    const { instance } = await WebAssembly.instantiate(task.compileLoad as BufferSource);
    (instance.exports as { readonly all: () => void }).all();
    return (task.compileLoad.length * 1000) / (performance.now() - began);
  };
  const rounds: Round[] = [];
  const measure = async (sample: () => Promise<number>): Promise<void> => {
    const [float, integer] = [rateOf('float'), rateOf('integer')];
    rounds.push({ ms: await sample(), float, integer, compile: 0 });
  };
  if (task.mode === 'cold') {
    for (let i = 0; i < 5; i++) await measure(async () => first);
    const middle = [...rounds].sort((a, b) => a.float - b.float)[2];
    rounds.splice(0, rounds.length, ...(middle ? [{ ...middle, compile: await compileRate() }] : []));
  } else {
    const warm = performance.now();
    let runs = 0;
    while (runs < 20 || (performance.now() - warm < 300 && runs < 2000)) {
      await model.run(feeds);
      runs++;
    }
    const count = Math.ceil((runTime * runs) / (performance.now() - warm));
    const began = performance.now();
    const isDone = (): boolean => rounds.length >= 20 && performance.now() - began > 1000 * task.seconds;
    while (rounds.length < task.rounds && !isDone()) {
      await measure(async () => {
        const from = performance.now();
        for (let run = 0; run < count; run++) await model.run(feeds);
        return (performance.now() - from) / count;
      });
    }
  }
  const adapter = model.backend === 'webgpu' ? await navigator.gpu.requestAdapter() : undefined;
  return {
    isSoftware: adapter ? parts.isSoftwareAdapter(adapter) : false,
    userAgent: navigator.userAgent,
    rounds,
    memory,
  };
}
