import { createHash, type Hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CompressTask } from './3-compress/plan/compress.ts';
import type { Figures } from './3-compress/plan/limits.ts';
import type {
  Decisions,
  RememberedOffers,
  RememberedSensitivities,
  TrialMemory,
} from './3-compress/plan/trial-memory.ts';
import { metrics } from './data/metrics/index.ts';
import type { Graph } from './ir/graph.ts';
import { printGraph } from './ir/print.ts';
import type { Feeds } from './ir/trial.ts';

/** Everything that trials depend on. */
export type Remembered = Pick<CompressTask, 'graph' | 'switches' | 'calibration' | 'standIns' | 'validation'> & {
  readonly target: unknown;
};

export interface OpenMemory extends TrialMemory {
  /** Writes what is new, whole or not at all; a folder that cannot be written is done without. */
  save(): void;
}

/**
 * Trials in a file of the folder, named by a hash of all that they depend on, this compiler included. Without a folder they
 * are remembered until the process ends.
 */
export function openTrialMemory(folder: string | undefined, remembered: Remembered): OpenMemory {
  // What a metric of the user's own measures is not known by its name.
  const { validation } = remembered;
  const isKnown = validation === undefined || metrics.includes(validation.metric);
  const file = folder !== undefined && isKnown ? join(folder, `trials-${hashOf(remembered)}.json`) : undefined;
  const content = file === undefined ? nothing : readContent(file);
  const decisions = new Map(content.decisions);
  const figures = new Map(content.figures);
  const offers = new Map(content.offers);
  const errors = new Map(content.errors);
  let { sensitivities } = content;
  let isChanged = false;
  return {
    recallDecisions: (question) => decisions.get(question),
    rememberDecisions(question, answer) {
      decisions.set(question, answer);
      isChanged = true;
    },
    recallFigures: (of) => figures.get(JSON.stringify(of)),
    rememberFigures(of, measured) {
      if (!isJson(measured)) return;
      figures.set(JSON.stringify(of), measured);
      isChanged = true;
    },
    recallOffers: (question) => offers.get(question),
    rememberOffers(question, all) {
      if (offers.has(question) || !all.every(([, levels]) => levels.every(areFinite))) return;
      offers.set(question, all);
      isChanged = true;
    },
    recallErrors: (of) => errors.get(JSON.stringify(of)),
    rememberErrors(of, all) {
      if (!areFinite(all)) return;
      errors.set(JSON.stringify(of), all);
      isChanged = true;
    },
    recallSensitivities: () => sensitivities,
    rememberSensitivities(all) {
      if (all.every(([, value]) => Number.isFinite(value))) sensitivities = all;
      isChanged = true;
    },
    save() {
      if (!isChanged || folder === undefined || file === undefined) return;
      const whole: Content = {
        sensitivities,
        decisions: [...decisions],
        figures: [...figures],
        offers: [...offers],
        errors: [...errors],
      };
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(`${file}.${process.pid}.part`, JSON.stringify(whole));
        renameSync(`${file}.${process.pid}.part`, file);
        removeOldest(folder);
      } catch {
        // The next run measures again.
      }
      isChanged = false;
    },
  };
}

/** Files of a folder at most: those not written to for longest go. */
const mostFiles = 100;

function removeOldest(folder: string): void {
  const files = readdirSync(folder).filter((name) => /^trials-.*\.json$/.test(name));
  const dated = files.map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }));
  const old = dated.sort((a, b) => b.at - a.at).slice(mostFiles);
  for (const { name } of old) rmSync(join(folder, name), { force: true });
}

interface Content {
  readonly sensitivities?: RememberedSensitivities | undefined;
  readonly decisions: readonly (readonly [string, Decisions])[];
  readonly figures: readonly (readonly [string, Figures])[];
  readonly offers: readonly (readonly [string, RememberedOffers])[];
  readonly errors: readonly (readonly [string, readonly number[]])[];
}

const nothing: Content = { decisions: [], figures: [], offers: [], errors: [] };

/** A file that is no such content counts as none. */
function readContent(file: string): Content {
  if (!existsSync(file)) return nothing;
  try {
    const content: Content = JSON.parse(readFileSync(file, 'utf8'));
    const { decisions, figures, offers, errors } = content;
    const isWhole =
      [...decisions, ...offers, ...errors].every(([, all]) => Array.isArray(all)) &&
      figures.every(([, one]) => isJson(one));
    return isWhole ? content : nothing;
  } catch {
    return nothing;
  }
}

/** JSON has no other numbers. */
const areFinite = (of: object): boolean =>
  Object.values(of).every((value) => typeof value !== 'number' || Number.isFinite(value));

const isJson = ({ size, loss }: Figures): boolean => [size, loss, loss.metric ?? {}].every((part) => areFinite(part));

function hashOf({ graph, calibration, standIns, validation, ...rest }: Remembered): string {
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

/** Of the compiler's own code: another version may find other results. */
function fingerprint(): string {
  const hash = createHash('sha256');
  const here = import.meta.dirname;
  for (const part of ['compiler', 'targets', 'runtime']) {
    const folder = join(here, '..', part);
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
      if (/\.[jt]s$/.test(name)) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}
