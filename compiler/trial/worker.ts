/** A thread that measures trials: started by `openTrialHelpers` with a `WorkerTask`. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Target } from '../../targets/target.ts';
import type { Asked } from '../3-compress/plan/ahead.ts';
import { openSearch, type SearchTask } from '../3-compress/plan/compress.ts';
import type { DataSet, Feeds, Labels } from '../data/data-set.ts';
import { metrics } from '../data/metrics/index.ts';
import { bug } from '../diagnostics/index.ts';
import { type Entry, makeMemory } from './logged-memory.ts';
import { makeRunner } from './make-runner.ts';
import { makeMeasureSize } from './measure-size.ts';

/** All that trials depend on, as threads can hand it on. */
export interface WorkerTask extends Pick<SearchTask, 'graph' | 'switches' | 'limits' | 'calibration' | 'standIns'> {
  readonly target: Target;
  /** brotli bytes of index.js */
  readonly script: number;
  readonly validation: ValidationSamples | undefined;
}

export interface ValidationSamples {
  readonly name: string;
  /** of the metric */
  readonly metric: string;
  readonly feeds: readonly Feeds[];
  readonly labels: Labels | undefined;
}

/** What a worker is asked, with what others have found out since. */
export interface WorkerRequest {
  readonly asked: Asked;
  readonly known: readonly Entry[];
}

/** What it is working out, then what it found. */
export type WorkerReply = { readonly look: string } | { readonly learnt: readonly Entry[] };

if (parentPort) serve(parentPort, workerData);

function serve(port: MessagePort, task: WorkerTask): void {
  const memory = makeMemory();
  const reply = (message: WorkerReply): void => port.postMessage(message);
  let opened: ReturnType<typeof openSearch> | undefined;
  port.on('message', async ({ asked, known }: WorkerRequest) => {
    memory.add(known);
    const first = memory.size;
    opened ??= openSearch({
      ...task,
      memory,
      makeRunner,
      onLook: (look) => reply({ look }),
      validation: task.validation && validationOf(task.validation),
      measureSize: makeMeasureSize(task.target, task.script),
    });
    const { trials } = await opened;
    await trials.at(asked.offer, asked.overrides);
    reply({ learnt: memory.since(first) });
  });
}

function validationOf({ name, metric: wanted, feeds, labels }: ValidationSamples) {
  const metric = metrics.find((one) => one.name === wanted);
  if (!metric) throw bug(`no metric "${wanted}"`);
  const at = (i: number): Feeds => {
    const found = feeds[i];
    if (!found) throw new RangeError(`sample ${i} of ${feeds.length}`);
    return found;
  };
  // no search asks for hashes
  const data: DataSet = { name, size: feeds.length, labels, feedsOf: at, hashOf: (i) => `${name} ${i}` };
  return { data, metric };
}
