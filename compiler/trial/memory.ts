import { createHash, type Hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { CompressTask } from '../3-compress/plan/compress.ts';
import { metrics } from '../data/metrics/index.ts';
import { writeWhole } from '../data/write-whole.ts';
import type { Graph } from '../ir/graph.ts';
import { printGraph } from '../ir/print.ts';
import type { Feeds } from '../ir/trial.ts';
import { fingerprint } from './fingerprint.ts';
import { areEntries, type Entry, type LoggedMemory, makeMemory } from './logged-memory.ts';

/** Everything that trials depend on. */
export type Dependences = Pick<CompressTask, 'graph' | 'switches' | 'calibration' | 'standIns' | 'validation'> & {
  readonly target: unknown;
};

export interface OpenMemory extends LoggedMemory {
  /** Writes what is new, whole or not at all; a folder that cannot be written is done without. */
  save(): void;
}

/**
 * Trials in a file of the folder, named by a hash of all that they depend on, this compiler included. Without a folder they
 * are remembered until the process ends.
 */
export function openTrialMemory(folder: string | undefined, dependences: Dependences): OpenMemory {
  // What a metric of the user's own measures is not known by its name.
  const { validation } = dependences;
  const isKnown = validation === undefined || metrics.includes(validation.metric);
  const file = folder !== undefined && isKnown ? join(folder, `trials-${hashOf(dependences)}.json.gz`) : undefined;
  const memory = makeMemory();
  if (file !== undefined) memory.add(readEntries(file));
  let saved = memory.size;
  const save = (): void => {
    if (memory.size === saved || folder === undefined || file === undefined) return;
    try {
      mkdirSync(folder, { recursive: true });
      writeWhole(file, gzipSync(JSON.stringify(memory.since(0))));
      removeOldest(folder);
    } catch {
      // The next run measures again.
    }
    saved = memory.size;
  };
  return Object.assign(memory, { save });
}

/** Files of a folder at most: those not written to for longest go. */
const mostFiles = 100;

function removeOldest(folder: string): void {
  const files = readdirSync(folder).filter((name) => /^trials-.*\.json\.gz$/.test(name));
  const dated = files.map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }));
  const old = dated.sort((a, b) => b.at - a.at).slice(mostFiles);
  for (const { name } of old) rmSync(join(folder, name), { force: true });
}

/** A file that holds no entries counts as none. */
function readEntries(file: string): readonly Entry[] {
  if (!existsSync(file)) return [];
  try {
    const content: unknown = JSON.parse(gunzipSync(readFileSync(file)).toString());
    return areEntries(content) ? content : [];
  } catch {
    return [];
  }
}

function hashOf({ graph, calibration, standIns, validation, ...rest }: Dependences): string {
  const hash = createHash('sha256');
  hash.update(fingerprint()).update(JSON.stringify(rest));
  addGraph(hash, graph);
  for (const samples of [calibration, standIns]) {
    hash.update(`${samples.length} samples`);
    for (const sample of samples) addFeeds(hash, sample);
  }
  if (validation) {
    const { data, metric } = validation;
    hash.update(`${metric.name} of ${data.size}`);
    for (let i = 0; i < data.size; i++) hash.update(data.hashOf(i));
    if (data.labels) addArray(hash, data.labels.values);
  }
  return hash.digest('hex').slice(0, 32);
}

function addGraph(hash: Hash, graph: Graph): void {
  hash.update(printGraph(graph));
  for (const tensor of graph.constants.values()) addArray(hash, tensor.data);
}

function addFeeds(hash: Hash, feeds: Feeds): void {
  for (const name of Object.keys(feeds).sort()) {
    const array = feeds[name];
    hash.update(name);
    if (array) addArray(hash, array);
  }
}

const addArray = (hash: Hash, { buffer, byteOffset, byteLength }: ArrayBufferView): Hash =>
  hash.update(new Uint8Array(buffer, byteOffset, byteLength));
