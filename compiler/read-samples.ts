import { createHash } from 'node:crypto';
import type { Validation } from './3-compress/plan/judge.ts';
import { type DataPort, type DataSet, labelsOf, selectSamples } from './data/data-set.ts';
import { inputPorts } from './data/graph-ports.ts';
import { defaultMetric, openMetric } from './data/metrics/index.ts';
import { openData } from './data/open.ts';
import { checkCalibrationSize, requireDisjoint } from './data/overlap.ts';
import { dataEmpty } from './diagnostics/data.ts';
import { type Diagnostic, printDiagnostic } from './diagnostics/index.ts';
import type { CompileOptions, LabelledSamples } from './ir/bundle.ts';
import type { Graph } from './ir/graph.ts';
import type { Feeds } from './ir/trial.ts';
import { findLayers } from './rewrite/layers.ts';

export interface CompressionSamples {
  readonly calibration: readonly Feeds[];
  /** the class of each, where the data has labels: compression does without, fine-tuning learns from them too */
  readonly calibrationLabels: Int32Array | undefined;
  /** the half of the evaluation data that decides */
  readonly validation: Validation | undefined;
  /** the half that is only reported on */
  readonly reported: Validation | undefined;
  /** warnings about the data */
  readonly notes: readonly string[];
}

/** Bytes of calibration inputs that are held in memory at most. */
const mostBytes = 2 ** 29;

/** Calibration and evaluation data as the options name them. @throws LccError LCC7xxx before any work */
export async function readSamples(graph: Graph, options: CompileOptions): Promise<CompressionSamples> {
  const ports = inputPorts(graph);
  const calibration = await openSamples(options.calibration, ports, 'calibration');
  const evaluation = await openSamples(options.evaluation, ports, 'evaluation');
  const layers = findLayers(graph).map(({ name, inputs, positions }) => ({
    name,
    width: inputs,
    rowsPerSample: positions,
  }));
  const warnings = [
    calibration && evaluation && requireDisjoint(calibration, evaluation),
    calibration && checkCalibrationSize(calibration, layers),
  ];
  const metric = evaluation && (await openMetric(options.metric ?? defaultMetric(evaluation)));
  const half = (parity: number): Validation | undefined => {
    if (!evaluation || !metric) return undefined;
    const chosen = Array.from({ length: evaluation.size }, (_, i) => i).filter((i) => i % 2 === parity);
    return chosen.length === 0 ? undefined : { data: selectSamples(evaluation, chosen), metric };
  };
  return {
    ...(calibration ? holdSamples(calibration) : { calibration: [], calibrationLabels: undefined }),
    validation: half(0),
    reported: half(1),
    notes: warnings.flatMap((warning) => (warning ? [printNote(warning)] : [])),
  };
}

/** Notes go into lcc.json, where a machine's folders have no place. */
function printNote(warning: Diagnostic): string {
  const { file } = warning.where ?? {};
  return printDiagnostic({ ...warning, where: { ...warning.where, file: file?.replace(/^[^?]*[/\\]/, '') } });
}

async function openSamples(
  source: string | readonly Feeds[] | LabelledSamples | undefined,
  ports: readonly DataPort[],
  name: string,
): Promise<DataSet | undefined> {
  if (source === undefined) return undefined;
  if (typeof source === 'string') return openData(source, ports);
  const samples = 'samples' in source ? source.samples : source;
  if (samples.length === 0) throw dataEmpty(name);
  const labels = 'samples' in source ? Int32Array.from(source.labels) : undefined;
  const feedsOf = (i: number): Feeds => samples[i] ?? {};
  return {
    name,
    size: samples.length,
    ...(labels && { labels: { kind: 'class', values: labels, width: 1 } }),
    feedsOf,
    hashOf: (i) => {
      const hash = createHash('sha256');
      for (const { buffer, byteOffset, byteLength } of Object.values(feedsOf(i)))
        hash.update(new Uint8Array(buffer, byteOffset, byteLength));
      return hash.digest('hex');
    },
  };
}

function holdSamples(data: DataSet): Pick<CompressionSamples, 'calibration' | 'calibrationLabels'> {
  const bytes = Object.values(data.feedsOf(0)).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const count = Math.min(data.size, Math.max(1, Math.floor(mostBytes / Math.max(1, bytes))));
  // Evenly, so that data sorted by class is not cut to its first classes.
  const positions = Array.from({ length: count }, (_, i) => Math.floor((i * data.size) / count));
  const { labels } = data;
  const isClass = labels?.kind === 'class' && labels.width === 1;
  return {
    calibration: positions.map((i) => data.feedsOf(i)),
    calibrationLabels: isClass ? Int32Array.from(positions, (i) => labelsOf(labels, i)[0] ?? 0) : undefined,
  };
}
