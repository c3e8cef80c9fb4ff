import type { Unit } from '../quantity/quantity.ts';
import { defOf, nameOf, type Subject } from './measures.ts';

/**
 * `over`: past the limit, beyond doubt. `inconclusive`: the confidence interval holds the limit, or the machine was too busy
 * or too slow to blame the bundle. `not measured`: nothing here could measure it.
 */
export type Verdict = 'ok' | 'over' | 'inconclusive' | 'not measured';

/** The worst last. */
const severity: readonly Verdict[] = ['ok', 'inconclusive', 'not measured', 'over'];

export interface FilePart {
  readonly path: string;
  readonly bytes: number;
  /** bytes more than in the baseline, the whole file where the baseline has none; undefined without a baseline */
  readonly growth?: number;
}

/** A layer, kernel or pass behind a figure. */
export interface Cause {
  readonly kind: 'constant' | 'buffer' | 'kernel' | 'pass';
  readonly name: string;
  /** of the model, that a constant or kernel belongs to */
  readonly layer?: string;
  /** uncompressed bytes, multiply-adds, or what a pass lost of the metric */
  readonly amount: number;
  readonly unit: Unit;
  /** more than in the baseline */
  readonly growth?: number;
  /** what a pass does there, or did there in the baseline and does no more */
  readonly pass?: string;
}

/** What would bring a figure back, cheapest first. */
export interface NextStep {
  /** such as `--max-size 52 KB` or `truncate-rank fc1: rank 16` */
  readonly action: string;
  /** bytes, multiply-adds, or what it brings back of the metric; foreseen, not measured */
  readonly saves: number;
  readonly unit: Unit;
  /** such as `top-1 99.70 %`; undefined where nothing is known of it */
  readonly loss?: string;
}

/** One figure, and what the budget says of it. */
export type CheckRow = Subject & {
  readonly unit: Unit;
  /** undefined where it was not measured */
  readonly actual?: number;
  /** 95 % confidence interval of a time */
  readonly interval?: readonly [low: number, high: number];
  /** a time of a device class, worked out from a run elsewhere */
  readonly isEstimated?: true;
  /** `actual` and `limit` are of what came on top of the baseline, in `unit` */
  readonly isGrowth?: true;
  readonly limit?: number;
  /** how far `actual` is past the limit; 0 within it or without one */
  readonly over: number;
  /** more than the baseline's; undefined without a baseline */
  readonly growth?: number;
  /** `ok` without a limit */
  readonly verdict: Verdict;
  /** why it is inconclusive or not measured, and what to do */
  readonly reason?: string;
  /** of a size, what it is made of: what grew most first, or the largest first without a baseline */
  readonly parts: readonly FilePart[];
  /** of a broken limit: the layers and kernels behind it, worst first */
  readonly causes: readonly Cause[];
  readonly next: readonly NextStep[];
  /** of a broken limit: what makes such a bundle better in it */
  readonly remedy?: string;
};

/** What ran the bundle, where times were measured. */
export interface Machine {
  /** browser and device, as the browser tells */
  readonly browser: string;
  /** float32 multiply-adds per second of the calibration kernel */
  readonly rate: number;
  /** share of the rounds that were set aside, because the calibration kernel took too long beside them; 0..1 */
  readonly disturbed: number;
}

/** Every figure of a bundle with its limit and verdict; what all reporters tell. */
export interface CheckResult {
  /** name of the bundle */
  readonly name: string;
  /** Every limited figure is known to be within its limit. */
  readonly isWithin: boolean;
  readonly verdict: Verdict;
  readonly rows: readonly CheckRow[];
  readonly machine?: Machine;
  readonly notes: readonly string[];
}

/** 0 within budget, 1 over it, 2 where that could not be told. */
export const exitCodeOf = ({ verdict }: Pick<CheckResult, 'verdict'>): 0 | 1 | 2 =>
  verdict === 'ok' ? 0 : verdict === 'over' ? 1 : 2;

export const worstOf = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.reduce<Verdict>((worst, one) => (severity.indexOf(one) > severity.indexOf(worst) ? one : worst), 'ok');

type Known = Omit<CheckRow, keyof Subject | 'unit' | 'over' | 'verdict' | 'parts' | 'causes' | 'next'> &
  Partial<Pick<CheckRow, 'unit' | 'parts'>>;

/** A row whose figure is exact: past the limit is over. Without a figure the limit was not measured. */
export function makeRow(subject: Subject, known: Known): CheckRow {
  const { isFloor, unit } = defOf(subject.measure);
  const { actual, limit } = known;
  const excess = actual === undefined || limit === undefined ? 0 : isFloor ? limit - actual : actual - limit;
  const over = Math.max(0, excess);
  const verdict: Verdict =
    limit === undefined ? 'ok' : actual === undefined ? 'not measured' : over > 0 ? 'over' : 'ok';
  return { ...subject, unit, parts: [], causes: [], next: [], ...known, over, verdict };
}

/** Bytes of the whole download after brotli. */
export const downloadOf = ({ rows }: Pick<CheckResult, 'rows'>): number =>
  rows.find((row) => row.measure === 'total' && row.encoding === 'brotli' && !row.isGrowth)?.actual ?? 0;

/** What a row is called wherever it is told. */
export const rowName = (row: CheckRow): string => (row.isGrowth ? `growth of ${nameOf(row)}` : nameOf(row));
