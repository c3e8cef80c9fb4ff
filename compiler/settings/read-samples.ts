import { hostDType } from '../../targets/host-dtype.ts';
import { isTargetName, targets } from '../../targets/index.ts';
import type { Validation } from '../3-compress/plan/judge.ts';
import { type DataPort, type DataSet, labelsOf, selectSamples } from '../data/data-set.ts';
import { inputPorts } from '../data/graph-ports.ts';
import { halfOf } from '../data/half-of.ts';
import { defaultMetric, openMetric } from '../data/metrics/index.ts';
import { openData } from '../data/open.ts';
import { openFeeds } from '../data/open-feeds.ts';
import { checkCalibrationSize, requireDisjoint } from '../data/overlap.ts';
import { spreadOrder } from '../data/spread-order.ts';
import { within32Bits } from '../data/within-32-bits.ts';
import { type Diagnostic, printDiagnostic } from '../diagnostics/index.ts';
import { dropNotOfShare, metricWithoutData } from '../diagnostics/metric.ts';
import type { CompileOptions, LabelledSamples } from '../ir/bundle.ts';
import type { Graph } from '../ir/graph.ts';
import type { Feeds } from '../ir/trial.ts';
import { findLayers } from '../rewrite/layers.ts';
import { isShareText } from './read-compression.ts';

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
  const { target } = options;
  const wide = isTargetName(target) ? ports.filter(({ dtype }) => hostDType(dtype, targets[target]) !== dtype) : [];
  const open = async (source: CompileOptions['calibration'] | CompileOptions['evaluation'], name: string) => {
    const data = await openSamples(source, ports, name);
    return data && within32Bits(data, wide);
  };
  const calibration = await open(options.calibration, 'calibration');
  const evaluation = await open(options.evaluation, 'evaluation');
  const layers = findLayers(graph).map(({ name, inputs, positions }) => ({
    name,
    width: inputs,
    rowsPerSample: positions,
  }));
  const warnings = [
    calibration && evaluation && requireDisjoint(calibration, evaluation),
    calibration && checkCalibrationSize(calibration, layers),
  ];
  if (!evaluation && options.metric !== undefined) throw metricWithoutData(options.metric);
  const metric = evaluation && (await openMetric(options.metric ?? defaultMetric(evaluation)));
  if (metric && !metric.isShare && isShareText(options.maxDrop))
    throw dropNotOfShare(metric.name, String(options.maxDrop));
  const half = (which: ReturnType<typeof halfOf>): Validation | undefined => {
    if (!evaluation || !metric) return undefined;
    const chosen = Array.from({ length: evaluation.size }, (_, i) => i).filter((i) => halfOf(i) === which);
    return chosen.length === 0 ? undefined : { data: selectSamples(evaluation, chosen), metric };
  };
  return {
    ...(calibration ? holdSamples(calibration) : { calibration: [], calibrationLabels: undefined }),
    validation: half('even'),
    reported: half('odd'),
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
  return 'samples' in source ? openFeeds(name, source.samples, ports, source.labels) : openFeeds(name, source, ports);
}

function holdSamples(data: DataSet): Pick<CompressionSamples, 'calibration' | 'calibrationLabels'> {
  const bytes = Object.values(data.feedsOf(0)).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const count = Math.min(data.size, Math.max(1, Math.floor(mostBytes / Math.max(1, bytes))));
  // Statistics are of the first, the error is measured on the last: all are to be of all classes.
  const positions = spreadOrder(data.size).slice(0, count);
  const { labels } = data;
  const isClass = labels?.kind === 'class' && labels.width === 1;
  return {
    calibration: positions.map((i) => data.feedsOf(i)),
    calibrationLabels: isClass ? Int32Array.from(positions, (i) => labelsOf(labels, i)[0] ?? 0) : undefined,
  };
}
