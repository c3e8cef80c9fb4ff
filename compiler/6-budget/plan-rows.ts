import type { CheckRow } from './check-result.ts';
import { type Moment, moments } from './measures.ts';
import type { Limit } from './parse-budget.ts';
import type { FoundManifest } from './read-bundle.ts';
import { figureRows, unknownRow } from './size-rows.ts';

/** A page is 64 KiB, and kernels may need scratch of their own. */
const roundedUp = (bytes: number): number => 65536 * Math.ceil(bytes / 65536) + 65536;

/** Memory as it is planned, and multiply-adds, limited or not. `measured`: bytes that a browser saw the bundle hold, at run. */
export function makePlanRows(
  manifest: FoundManifest,
  limits: readonly Limit[],
  before: FoundManifest | undefined,
  measured?: number,
): CheckRow[] {
  const own = (measure: 'memory' | 'macs', moment?: Moment): Limit[] =>
    limits.filter((limit) => limit.measure === measure && (limit.measure !== 'memory' || limit.moment === moment));
  const memory = moments.flatMap((moment) => {
    const planned = memoryOf(manifest, moment);
    if (planned === undefined) return own('memory', moment).map((limit) => unknownRow(limit, notTold));
    const rows = figureRows(
      { measure: 'memory', moment },
      planned,
      before && memoryOf(before, moment),
      own('memory', moment),
    );
    return measured === undefined || measured <= roundedUp(planned)
      ? rows
      : rows.map((row) => asMeasured(row, measured));
  });
  const { macs } = manifest;
  if (macs === undefined) return [...memory, ...own('macs').map((limit) => unknownRow(limit, notTold))];
  return [...memory, ...figureRows({ measure: 'macs' }, macs, before?.macs, own('macs'))];
}

const notTold = 'lcc.json does not tell it: build again';

/** The plan is exact: where more is held, that counts. */
function asMeasured(row: CheckRow, measured: number): CheckRow {
  if (row.isGrowth) return row;
  const over = row.limit === undefined ? 0 : Math.max(0, measured - row.limit);
  const reason = 'the browser holds more than lcc.json plans';
  return { ...row, actual: measured, over, verdict: over > 0 ? 'over' : row.verdict, reason };
}

/** While the weights are read, the file is held beside what it is decoded to. */
function memoryOf({ memory, files }: FoundManifest, moment: Moment): number | undefined {
  if (!memory) return undefined;
  const run = memory.constants + memory.arena;
  return moment === 'run' ? run : run + (files['model.lcw']?.sizes.raw ?? 0);
}
