import { createHash } from 'node:crypto';
import type { Bundle, Manifest } from '../ir/bundle.ts';
import { measureSizes } from '../ir/file-sizes.ts';
import {
  type Encoding,
  encodings,
  type FileSizes,
  type Measure,
  measureNames,
  measures,
  sumSizes,
} from './measures.ts';
import { type Budget, type BudgetText, toBudget } from './parse-budget.ts';
import { readBundle, readBundleFolder } from './read-bundle.ts';

export interface FilePart {
  readonly path: string;
  readonly bytes: number;
  /** bytes more than in the baseline, the whole file where the baseline has none; undefined without a baseline */
  readonly growth?: number;
}

/** One measure in one encoding. */
export interface CheckRow {
  readonly measure: Measure;
  readonly encoding: Encoding;
  readonly actual: number;
  readonly limit?: number;
  /** bytes above the limit; 0 within it or without one */
  readonly over: number;
  /** bytes more than the baseline's; undefined without a baseline */
  readonly growth?: number;
  /** what it is made of: what grew most first, or the largest first without a baseline */
  readonly parts: readonly FilePart[];
}

export interface CheckResult {
  readonly isWithin: boolean;
  readonly rows: readonly CheckRow[];
}

/**
 * Measures a bundle, in memory or in its folder, against a budget. Every measure has a row in every encoding, limited or not.
 * @throws LccError LCC6103 when the folder is not a whole bundle, LCC6101 and LCC6102 for the budget
 */
export async function check(
  bundle: Bundle | string,
  budget: Budget | BudgetText,
  baseline?: Pick<Manifest, 'files'>,
): Promise<CheckResult> {
  const limits = toBudget(budget);
  const { manifest, files } = await (typeof bundle === 'string' ? readBundleFolder(bundle) : readBundle(bundle));
  const measured = await Promise.all(
    Object.entries(manifest.files).map(async ([path, recorded]) => {
      const bytes = files.get(path) ?? new Uint8Array();
      // What was measured when these very bytes were written holds.
      const sizes = recorded.sha256 === sha256(bytes) ? recorded.sizes : await measureSizes(bytes);
      return [path, sizes] as const;
    }),
  );
  return checkSizes(new Map(measured), limits, baseline);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The arithmetic of `check`. Several limits on one row: the lowest counts. */
export function checkSizes(sizes: FileSizes, budget: Budget, baseline?: Pick<Manifest, 'files'>): CheckResult {
  const before = baseline && new Map(Object.entries(baseline.files).map(([path, file]) => [path, file.sizes]));
  const rows = measureNames.flatMap((measure) =>
    encodings.map((encoding) => makeRow(measure, encoding, sizes, budget, before)),
  );
  return { isWithin: rows.every((row) => row.over === 0), rows };
}

function makeRow(
  measure: Measure,
  encoding: Encoding,
  sizes: FileSizes,
  budget: Budget,
  before: FileSizes | undefined,
): CheckRow {
  const { files } = measures[measure];
  const paths = files(sizes, encoding);
  const actual = sumSizes(sizes, paths, encoding);
  const limits = budget.limits.filter((limit) => limit.measure === measure && limit.encoding === encoding);
  const limit = limits.length === 0 ? undefined : Math.min(...limits.map(({ bytes }) => bytes));
  const parts = paths.map((path): FilePart => {
    const bytes = sumSizes(sizes, [path], encoding);
    return before === undefined ? { path, bytes } : { path, bytes, growth: bytes - sumSizes(before, [path], encoding) };
  });
  return {
    measure,
    encoding,
    actual,
    ...(limit === undefined ? {} : { limit }),
    over: limit === undefined ? 0 : Math.max(0, actual - limit),
    ...(before === undefined ? {} : { growth: actual - sumSizes(before, files(before, encoding), encoding) }),
    parts: parts.sort((a, b) => (b.growth ?? 0) - (a.growth ?? 0) || b.bytes - a.bytes),
  };
}
