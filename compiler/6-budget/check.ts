import { basename } from 'node:path';
import { isTargetName, targets } from '../../targets/index.ts';
import { readProfile } from '../../targets/profiles/parse-profile.ts';
import type { DeviceProfile } from '../../targets/profiles/profile.ts';
import { LccError } from '../diagnostics/index.ts';
import type { Bundle } from '../ir/bundle.ts';
import type { FileSizes } from '../ir/download.ts';
import { recordedParts } from '../ir/download.ts';
import { makeAccuracyRows } from './accuracy-rows.ts';
import { withBlame } from './blame.ts';
import { type CheckResult, type CheckRow, worstOf } from './check-result.ts';
import { checkTimes, type TimesOptions } from './check-times.ts';
import type { Device } from './device/device.ts';
import type { measureAccuracy } from './measure-accuracy.ts';
import { type Budget, type BudgetText, type Limit, limitsFor, toBudget } from './parse-budget.ts';
import { makePlanRows } from './plan-rows.ts';
import { type FoundManifest, readBundle, readBundleFolder } from './read-bundle.ts';
import { makeSizeRows, measureParts } from './size-rows.ts';
import { unifyProfiles } from './unify-profiles.ts';

export type { CheckResult, CheckRow } from './check-result.ts';

export interface CheckOptions extends Partial<TimesOptions> {
  /** the lcc.json of an earlier build */
  readonly baseline?: FoundManifest | undefined;
  /** data with labels, as for lcc build --evaluation: the accuracy is measured on it */
  readonly evaluation?: string;
  /** name of the metric; top-1 by default */
  readonly metric?: string;
  /** folder that paths of device profiles start from; the current one by default */
  readonly cwd?: string;
}

/**
 * Measures a bundle, in memory or in its folder, against a budget: bytes always, times in a browser where the budget or the
 * options ask for them. Every size has a row in every encoding, limited or not.
 * @throws LccError LCC6103 when the folder is not a whole bundle, LCC6101, LCC6102, LCC6105 and LCC6106 for the budget,
 * LCC7xxx for evaluation data
 */
export async function check(
  bundle: Bundle | string,
  budget: Budget | BudgetText,
  options: CheckOptions = {},
): Promise<CheckResult> {
  const parsed = toBudget(budget);
  const read = await (typeof bundle === 'string' ? readBundleFolder(bundle) : readBundle(bundle));
  const { manifest } = read;
  const name = typeof bundle === 'string' ? basename(bundle) : (manifest.name ?? 'model');
  const { cwd = process.cwd() } = options;
  const all = limitsFor(parsed, [name, manifest.name ?? name]);
  const { limits, devices } = unifyProfiles(all, options.devices, cwd);
  const profiles = await readProfiles(limits, devices, cwd);
  const { baseline, evaluation, metric } = options;
  const target = targetProfile(manifest);
  const [parts, times, accuracy] = [
    await measureParts(read),
    await checkTimes(read, limits, profiles, target, { openDevice, ...options, ...(devices && { devices }) }).catch(
      (error: unknown) => {
        throw naming(typeof bundle === 'string' ? bundle : name, error);
      },
    ),
    evaluation === undefined ? undefined : await measureNow(read, evaluation, metric),
  ];
  const rows = [
    ...sizeRowsOf(parts, limits, manifest, baseline),
    ...makePlanRows(manifest, limits, baseline, times.memory),
    ...times.rows,
    ...makeAccuracyRows(manifest, limits, accuracy),
  ].map((row) => withBlame(row, manifest, baseline));
  return makeResult(name, rows, times);
}

/** What fails in a browser does not know which bundle it was. */
function naming(file: string, error: unknown): unknown {
  if (!(error instanceof LccError)) return error;
  const { diagnostic, exitCode } = error;
  return new LccError({ ...diagnostic, where: { file, ...diagnostic.where } }, exitCode, error);
}

/** This machine's browser; loaded only where something is measured in it. */
const openDevice = async (): Promise<Device> => (await import('./device/local.ts')).openLocal('software');

/** Those that limits or options name. @throws LccError LCC6201, LCC6202 */
async function readProfiles(
  limits: readonly Limit[],
  devices: readonly string[] | undefined,
  cwd: string,
): Promise<ReadonlyMap<string, DeviceProfile>> {
  const named = limits.flatMap((limit) => ('profile' in limit && limit.profile !== undefined ? [limit.profile] : []));
  const names = [...new Set([...named, ...(devices ?? [])])];
  return new Map(await Promise.all(names.map(async (name) => [name, await readProfile(name, cwd)] as const)));
}

/** Data and metrics are loaded only where they are asked for. */
const measureNow: typeof measureAccuracy = async (...task) =>
  (await import('./measure-accuracy.ts')).measureAccuracy(...task);

/** The device class that the bundle is for. */
const targetProfile = ({ target }: FoundManifest): DeviceProfile | undefined =>
  target !== undefined && isTargetName(target) ? targets[target].profile : undefined;

/** The arithmetic of a result. */
export function makeResult(
  name: string,
  rows: readonly CheckRow[],
  { machine, notes = [] }: Partial<Pick<CheckResult, 'machine' | 'notes'>> = {},
): CheckResult {
  const verdict = worstOf(rows.map((row) => row.verdict));
  return { name, isWithin: verdict === 'ok', verdict, rows, ...(machine && { machine }), notes };
}

/** Sizes alone, as `check` tells them. */
export function sizeRowsOf(
  parts: FileSizes,
  limits: readonly Limit[],
  { backends = [] }: Pick<FoundManifest, 'backends'> = {},
  baseline?: FoundManifest,
): CheckRow[] {
  return makeSizeRows(parts, limits, baseline && recordedParts(baseline), backends.includes('webgpu'));
}
