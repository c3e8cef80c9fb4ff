import { createHash } from 'node:crypto';
import {
  countedParts,
  type Encoding,
  encodings,
  type FileSizes,
  insideParts,
  insidePath,
  type SizeMeasure,
  sizeMeasures,
  sumSizes,
} from '../ir/download.ts';
import { measureSizes } from '../ir/file-sizes.ts';
import type { Sizes } from '../ir/report.ts';
import { type CheckRow, type FilePart, makeRow } from './check-result.ts';
import type { Limit } from './parse-budget.ts';
import type { BundleFiles } from './read-bundle.ts';

/** Sizes of all that can count. Those inside index.js are known only while it is what its manifest was written for. */
export async function measureParts({ manifest, files }: BundleFiles): Promise<FileSizes> {
  const measured = await Promise.all(
    Object.entries(manifest.files).map(async ([path, recorded]): Promise<readonly [string, Sizes]> => {
      const bytes = files.get(path) ?? new Uint8Array();
      // What was measured when these very bytes were written holds.
      return [path, recorded.sha256 === sha256(bytes) ? recorded.sizes : await measureSizes(bytes)];
    }),
  );
  const entry = files.get('index.js');
  const isAsWritten = entry !== undefined && manifest.files['index.js']?.sha256 === sha256(entry);
  return new Map([...measured, ...(isAsWritten ? insideParts(manifest) : [])]);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Every size in every encoding, limited or not; growth where a limit asks for it. Several limits on one: the lowest counts. */
export function makeSizeRows(
  parts: FileSizes,
  limits: readonly Limit[],
  before: FileSizes | undefined,
  hasShaders: boolean,
): CheckRow[] {
  const known = (measure: SizeMeasure): boolean =>
    measure !== 'wgsl' || !hasShaders || parts.has(insidePath('model.wgsl'));
  return sizeMeasures.flatMap((measure) =>
    encodings.flatMap((encoding) => {
      const own = limits.filter((limit) => limit.measure === measure && limit.encoding === encoding);
      return known(measure)
        ? sizeRows(measure, encoding, parts, own, before)
        : own.map((limit) => unknownRow(limit, notAsWritten));
    }),
  );
}

const notAsWritten = 'index.js is not as lcc build wrote it, so that what its shaders take is not known: build again';

function sizeRows(
  measure: SizeMeasure,
  encoding: Encoding,
  parts: FileSizes,
  own: readonly Limit[],
  before: FileSizes | undefined,
): CheckRow[] {
  const paths = countedParts(measure, parts, encoding);
  const actual = sumSizes(parts, paths, encoding);
  const was = before && sumSizes(before, countedParts(measure, before, encoding), encoding);
  const described = paths.map((path): FilePart => {
    const bytes = sumSizes(parts, [path], encoding);
    return before === undefined ? { path, bytes } : { path, bytes, growth: bytes - sumSizes(before, [path], encoding) };
  });
  const sorted = described.sort((a, b) => (b.growth ?? 0) - (a.growth ?? 0) || b.bytes - a.bytes);
  return figureRows({ measure, encoding }, actual, was, own).map((row) => ({ ...row, parts: sorted }));
}

/** A figure with its lowest limit, then its growth with each limit on that. `was` is the baseline's. */
export function figureRows(
  subject: Parameters<typeof makeRow>[0],
  actual: number,
  was: number | undefined,
  own: readonly Limit[],
): CheckRow[] {
  const absolute = own.filter(({ growth }) => growth === undefined).map(({ limit }) => limit);
  const growth = was === undefined ? {} : { growth: actual - was };
  const row = makeRow(subject, {
    actual,
    ...(absolute.length > 0 && { limit: Math.min(...absolute) }),
    ...growth,
  });
  return [
    row,
    ...own.filter((limit) => limit.growth !== undefined).map((limit) => growthRow(subject, actual, was, limit)),
  ];
}

function growthRow(
  subject: Parameters<typeof makeRow>[0],
  actual: number,
  was: number | undefined,
  limit: Limit,
): CheckRow {
  if (was === undefined) return unknownRow(limit, 'there is no baseline: name an lcc.json or a git ref by --baseline');
  const grown = actual - was;
  const known = { isGrowth: true, growth: grown } as const;
  if (limit.growth === 'absolute') return makeRow(subject, { ...known, actual: grown, limit: limit.limit });
  // A share of nothing is nothing.
  if (was === 0) return makeRow(subject, { ...known, actual: grown, limit: 0 });
  return makeRow(subject, { ...known, actual: grown / was, limit: limit.limit, unit: 'share' });
}

/** A limit on a figure that is not known. */
export function unknownRow({ limit, growth, ...subject }: Limit, reason: string): CheckRow {
  return makeRow(subject, {
    limit,
    reason,
    ...(growth && { isGrowth: true }),
    ...(growth === 'share' && { unit: 'share' }),
  });
}
