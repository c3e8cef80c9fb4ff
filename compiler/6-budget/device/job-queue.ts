import { pageFailed } from '../../diagnostics/browser.ts';
import { deviceLost } from '../../diagnostics/device.ts';
import type { PageRun } from '../browser/index.ts';

/** What a job came to. */
export type JobResult = { readonly log: readonly string[] } & (
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly reason: string }
);

/** Jobs of one device, which asks for them: one at a time, in order. */
export interface JobQueue {
  /** @throws LccError LCC6004 when the job throws or runs out of time, LCC6206 when nobody asks for it */
  add(run: PageRun): Promise<unknown>;
  /** The job at hand, once there is one, for the device to start; 'none' after some seconds, 'ended' after the end. */
  next(): Promise<{ readonly id: string } | 'none' | 'ended'>;
  /** The job that the device runs. */
  current(): PageRun | undefined;
  /** Whether that job is over; waits for it some seconds. */
  over(id: string): Promise<boolean>;
  /** False for a job that is not at hand, such as one that ran out of time. */
  settle(id: string, result: JobResult): boolean;
  /** The device is there. */
  attend(): void;
  /** Whether a device was there lately, or has a job. */
  isAttended(): boolean;
  end(): void;
}

interface Job {
  readonly id: string;
  readonly run: PageRun;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  isStarted: boolean;
  timer: NodeJS.Timeout;
}

/** Seconds that a request may wait, that a device may be silent, and that a job waits to be asked for. */
const patience = { request: 20, silence: 45, start: 60 };
const defaultTimeout = 60_000;

export function makeJobQueue(): JobQueue {
  const waiting: Job[] = [];
  let lastSeen = Number.NEGATIVE_INFINITY;
  let count = 0;
  let hasEnded = false;
  let wake = new Set<() => void>();
  const changed = (): void => {
    const sleepers = wake;
    wake = new Set();
    for (const sleeper of sleepers) sleeper();
  };

  /** Resolves once the condition holds, or with false when the patience of a request is over. */
  const until = async (condition: () => boolean): Promise<boolean> => {
    const deadline = Date.now() + 1000 * patience.request;
    while (!condition() && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        wake.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return condition();
  };

  const finish = (job: Job): void => {
    clearTimeout(job.timer);
    waiting.splice(waiting.indexOf(job), 1);
    const following = first();
    if (following) expect(following);
    changed();
  };
  const abandon = (job: Job, error: Error): void => {
    finish(job);
    job.reject(error);
  };
  const first = (): Job | undefined => waiting[0];
  /** The job at hand counts the seconds until it is asked for. */
  const expect = (job: Job): void => {
    job.timer = setTimeout(() => abandon(job, deviceLost(patience.start)), 1000 * patience.start);
  };

  return {
    add: (run) =>
      new Promise((resolve, reject) => {
        const job: Job = {
          id: String(++count),
          run,
          resolve,
          reject,
          isStarted: false,
          timer: setTimeout(() => {}, 0),
        };
        waiting.push(job);
        if (waiting.length === 1) expect(job);
        changed();
      }),
    next: async () => {
      await until(() => hasEnded || (first() !== undefined && first()?.isStarted === false));
      const job = first();
      if (job === undefined || job.isStarted) return hasEnded ? 'ended' : 'none';
      const timeout = job.run.timeout ?? defaultTimeout;
      job.isStarted = true;
      clearTimeout(job.timer);
      const late = () => abandon(job, pageFailed(`no answer after ${timeout / 1000} s`, []));
      job.timer = setTimeout(late, timeout);
      return { id: job.id };
    },
    current: () => {
      const job = first();
      return job?.isStarted ? job.run : undefined;
    },
    over: (id) => until(() => first()?.id !== id),
    settle: (id, result) => {
      const job = first();
      if (job === undefined || job.id !== id || !job.isStarted) return false;
      finish(job);
      for (const line of result.log) job.run.onConsole?.(line);
      if (result.kind === 'returned') job.resolve(result.value);
      else job.reject(pageFailed(result.reason, result.log));
      return true;
    },
    attend: () => {
      lastSeen = Date.now();
    },
    isAttended: () => first()?.isStarted === true || Date.now() - lastSeen < 1000 * patience.silence,
    end: () => {
      hasEnded = true;
      changed();
    },
  };
}
