import { calibrationTooSmall, dataOverlaps, dataSame } from '../diagnostics/data.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { DataSet } from './data-set.ts';

/** Samples that both sets hold, as indices of each, ascending; one that is there twice counts twice. */
export interface Overlap {
  readonly calibration: readonly number[];
  readonly evaluation: readonly number[];
}

const hashesOf = ({ size, hashOf }: DataSet): string[] => Array.from({ length: size }, (_, i) => hashOf(i));

export function findOverlap(calibration: DataSet, evaluation: DataSet): Overlap {
  const [ours, theirs] = [hashesOf(calibration), hashesOf(evaluation)];
  const shared = (hashes: readonly string[], others: ReadonlySet<string>) =>
    hashes.flatMap((hash, i) => (others.has(hash) ? [i] : []));
  return { calibration: shared(ours, new Set(theirs)), evaluation: shared(theirs, new Set(ours)) };
}

/** A warning where some evaluation samples are calibration samples too. @throws LccError LCC7101 where all are */
export function requireDisjoint(calibration: DataSet, evaluation: DataSet): Diagnostic | undefined {
  const { evaluation: shared } = findOverlap(calibration, evaluation);
  if (shared.length === evaluation.size) throw dataSame(calibration.name, evaluation.name, evaluation.size);
  if (shared.length === 0) return undefined;
  return dataOverlaps(calibration.name, evaluation.name, shared.length, evaluation.size, shared.slice(0, 5));
}

/** A layer that calibration is for. */
export interface CalibratedLayer {
  readonly name: string;
  /** values of its input that a weight sees: columns of W [out, in] */
  readonly width: number;
  /** input vectors that one sample gives: positions of a convolution, tokens of a text; 1 by default */
  readonly rowsPerSample?: number;
}

/** Samples that a layer's second moments need: twice its width (papers.md 5.1). */
export const samplesNeeded = ({ width, rowsPerSample = 1 }: CalibratedLayer): number =>
  Math.ceil((2 * width) / rowsPerSample);

/** A warning that names each layer with too few samples. */
export function checkCalibrationSize(data: DataSet, layers: readonly CalibratedLayer[]): Diagnostic | undefined {
  const short = layers.filter((layer) => samplesNeeded(layer) > data.size);
  if (short.length === 0) return undefined;
  const lines = short.map((layer) => `${layer.name}: width ${layer.width}, needs ${samplesNeeded(layer)}`);
  return calibrationTooSmall(data.name, data.size, Math.max(...short.map(samplesNeeded)), lines);
}
