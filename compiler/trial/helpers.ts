import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Asked, Helpers } from '../3-compress/plan/ahead.ts';
import type { Validation } from '../3-compress/plan/judge.ts';
import { questionOf } from '../3-compress/plan/trials.ts';
import { metrics } from '../data/metrics/index.ts';
import type { LoggedMemory } from './logged-memory.ts';
import type { ValidationSamples, WorkerReply, WorkerRequest, WorkerTask } from './worker.ts';

export interface TrialHelpers extends Helpers {
  /** Stops them wherever they are. */
  close(): Promise<void>;
}

export interface HelpersTask extends Omit<WorkerTask, 'validation'> {
  readonly validation: Validation | undefined;
}

export interface HelpersOptions {
  /** by default as many as there are cores */
  readonly threads?: number | undefined;
  /** what one of them works out that nothing remembers, as it begins */
  readonly onLook?: (what: string) => void;
}

const extension = extname(new URL(import.meta.url).pathname);
/** TypeScript, as the tests run it: threads take longer to start than most searches take. */
const isSource = extension === '.ts';

/** A search of less than this many milliseconds is over before they have begun. */
const patience = 4000;
/** More threads than this wait for memory. */
const mostThreads = 8;
/** Data of more bytes than this is not copied for each of them. */
const mostBytes = 2 ** 28;

/**
 * Threads that measure trials, what they find out being added to `memory`; none where one thread is asked for or there, or
 * the metric is the user's own. They start once the search has taken a few seconds, or at once where `threads` says how many.
 */
export function openTrialHelpers(
  { validation, ...task }: HelpersTask,
  memory: LoggedMemory,
  { threads, onLook = () => {} }: HelpersOptions = {},
): TrialHelpers | undefined {
  const count = Math.min(mostThreads, threads ?? (isSource ? 1 : availableParallelism()));
  const isKnown = validation === undefined || metrics.includes(validation.metric);
  if (count < 2 || !isKnown || bytesOf(task, validation) > mostBytes) return undefined;
  const begin = performance.now() + (threads === undefined ? patience : 0);
  let pool: Pool | undefined;
  return {
    get areReady() {
      return performance.now() >= begin;
    },
    begin(asked) {
      pool ??= new Pool(count, { ...task, validation: validation && samplesOf(validation) }, memory, onLook);
      pool.add(asked);
    },
    done: async (asked) => pool?.done(asked),
    close: async () => pool?.close(),
  };
}

function bytesOf({ graph, calibration }: Omit<HelpersTask, 'validation'>, validation: Validation | undefined): number {
  const sizeOf = (feeds: Readonly<Record<string, { readonly byteLength: number }>> | undefined): number =>
    Object.values(feeds ?? {}).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const weights = [...graph.constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  const evaluated = validation ? validation.data.size * sizeOf(validation.data.feedsOf(0)) : 0;
  return weights + calibration.length * sizeOf(calibration[0]) + evaluated;
}

const samplesOf = ({ data, metric }: Validation): ValidationSamples => ({
  name: data.name,
  metric: metric.name,
  feeds: Array.from({ length: data.size }, (_, i) => data.feedsOf(i)),
  labels: data.labels,
});

interface Thread {
  readonly worker: Worker;
  /** entries of the memory that it has been told */
  told: number;
  /** what it is at */
  current: Job | undefined;
}

interface Job {
  readonly asked: Asked;
  readonly done: Promise<void>;
  readonly finish: () => void;
}

/** Jobs in the order in which they were added, each for the next free thread. */
class Pool {
  readonly #memory: LoggedMemory;
  readonly #onLook: (what: string) => void;
  readonly #jobs = new Map<string, Job>();
  readonly #waiting: Job[] = [];
  #threads: Thread[];

  constructor(count: number, task: WorkerTask, memory: LoggedMemory, onLook: (what: string) => void) {
    this.#memory = memory;
    this.#onLook = onLook;
    this.#threads = Array.from({ length: count }, () => this.#start(task));
  }

  add(asked: Asked): void {
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const job = { asked, done, finish };
    this.#jobs.set(questionOf(asked), job);
    this.#waiting.push(job);
    this.#hand();
  }

  async done(asked: Asked): Promise<void> {
    await this.#jobs.get(questionOf(asked))?.done;
  }

  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    for (const { finish } of this.#jobs.values()) finish();
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #start(task: WorkerTask): Thread {
    const flags = isSource ? { execArgv: ['--import', import.meta.resolve('jiti/register')] } : {};
    const worker = new Worker(new URL(`./worker${extension}`, import.meta.url), { workerData: task, ...flags });
    const thread: Thread = { worker, told: 0, current: undefined };
    worker.on('message', (reply: WorkerReply) => {
      if ('look' in reply) {
        this.#onLook(reply.look);
        return;
      }
      this.#memory.add(reply.learnt);
      thread.current?.finish();
      thread.current = undefined;
      this.#hand();
    });
    // what it cannot do is done, and told of, here
    worker.on('error', () => this.#lose(thread));
    return thread;
  }

  #lose(thread: Thread): void {
    thread.current?.finish();
    this.#threads = this.#threads.filter((one) => one !== thread);
    this.#hand();
  }

  #hand(): void {
    // with none left nothing is going to be done
    if (this.#threads.length === 0) for (const { finish } of this.#waiting.splice(0)) finish();
    for (const thread of this.#threads) {
      if (thread.current) continue;
      const job = this.#waiting.shift();
      if (!job) return;
      thread.current = job;
      const request: WorkerRequest = { asked: job.asked, known: this.#memory.since(thread.told) };
      thread.told = this.#memory.size;
      thread.worker.postMessage(request);
    }
  }
}
