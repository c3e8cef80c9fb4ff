import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isProfileName } from '../../targets/profiles/index.ts';
import { type CheckOptions, check } from '../6-budget/check.ts';
import type { CheckResult } from '../6-budget/check-result.ts';
import type { Device, DeviceChoice } from '../6-budget/device/index.ts';
import type { Budget } from '../6-budget/parse-budget.ts';
import { namesOf } from '../6-budget/read-bundle.ts';
import { hashOfBudget, type Shard } from '../6-budget/shard.ts';
import { noteUnmatched } from '../6-budget/unmatched-limits.ts';
import { flagInvalid } from '../diagnostics/cli.ts';
import { budgetFrom, placeData } from '../settings/place-settings.ts';
import { findConfig, readBuildModule } from '../settings/read-config.ts';
import { version } from '../version.ts';
import { type DeviceFlags, parseDeviceFlags } from './device-flags.ts';
import type { Io } from './io.ts';
import { makeProgressLine } from './progress.ts';

/** Of `lcc check`, as they are written. */
export interface CheckFlags extends DeviceFlags {
  readonly budget?: string;
  readonly device?: readonly string[];
  readonly baseline?: string;
  readonly reporter: string;
  readonly json?: true;
  readonly times?: true;
  readonly rounds?: string;
  readonly evaluation?: string;
  readonly metric?: string;
  readonly shard?: string;
  readonly merge?: true;
  readonly allowInconclusive?: true;
}

export interface Checked {
  readonly results: readonly CheckResult[];
  /** of --shard */
  readonly shard?: Shard;
}

/**
 * Every bundle that is named, or those of one shard.
 * @throws LccError as check does; LCC0002 for flags
 */
export async function checkEach(named: readonly string[], flags: CheckFlags, io: Io): Promise<Checked> {
  const { bundles, devices } = findDevices(named, flags.device, io.cwd);
  const part = parseShard(flags.shard);
  const budget = await findBudget(flags.budget, io.cwd);
  const results = await checkBundles(
    bundlesOf(part, bundles),
    budget,
    { ...flags, ...(devices && { device: devices }) },
    io,
  );
  // The first shard always has a bundle, and tells for all.
  const isTelling = (part?.index ?? 1) === 1;
  const names = isTelling ? (await Promise.all(bundles.map((bundle) => namesOf(resolve(io.cwd, bundle))))).flat() : [];
  return {
    results: isTelling ? noteUnmatched(results, budget, names) : results,
    ...(part && { shard: { ...part, bundles: bundles.length, budget: hashOfBudget(budget), version } }),
  };
}

async function checkBundles(
  bundles: readonly string[],
  budget: Budget,
  flags: CheckFlags,
  io: Io,
): Promise<CheckResult[]> {
  const choice = parseDeviceFlags(flags);
  const device = await shareDevice(choice, io);
  const options: CheckOptions = {
    openDevice: device.open,
    isRemote: choice.kind !== 'local',
    cwd: io.cwd,
    ...(flags.device && { devices: flags.device }),
    ...(flags.times && { times: true }),
    ...(flags.rounds !== undefined && { rounds: parseRounds(flags.rounds) }),
    ...placeData(
      {
        ...(flags.evaluation !== undefined && { evaluation: flags.evaluation }),
        ...(flags.metric !== undefined && { metric: flags.metric }),
      },
      io.cwd,
    ),
  };
  const results: CheckResult[] = [];
  const progress = makeProgressLine(io);
  try {
    for (const named of bundles) {
      const folder = resolve(io.cwd, named);
      const baseline = flags.baseline === undefined ? undefined : await baselineOf(flags.baseline, folder, io.cwd);
      results.push(await check(folder, budget, { ...options, baseline, onProgress: progress.rewrite }));
    }
  } finally {
    progress.stop();
    await device.close();
  }
  return results;
}

/** One device for all bundles, opened when the first asks for it: nobody joins a phone for each. */
async function shareDevice(choice: DeviceChoice, io: Io) {
  const { openDevice } = await import('../6-budget/device/index.ts');
  let opened: Promise<Device> | undefined;
  return {
    open: async (): Promise<Device> => {
      opened ??= openDevice(choice, io.stderr, io.isTerminal);
      return { ...(await opened), close: async () => {} };
    },
    close: async (): Promise<void> => {
      const device = await opened?.catch(() => undefined);
      await device?.close();
    },
  };
}

async function baselineOf(baseline: string, folder: string, cwd: string) {
  const { readBaseline } = await import('../6-budget/read-baseline.ts');
  return readBaseline(baseline, folder, cwd);
}

/** What was named, else lcc.budget.json of the folder, else what its configuration says; else nothing is limited. */
async function findBudget(named: string | undefined, cwd: string): Promise<Budget> {
  const usual = 'lcc.budget.json';
  const text = named ?? (existsSync(join(cwd, usual)) ? usual : undefined);
  if (text !== undefined) return budgetFrom(text, cwd) ?? { limits: [] };
  const config = findConfig(cwd);
  const module = config === undefined ? undefined : await readBuildModule(config);
  const budget = module?.kind === 'config' ? budgetFrom(module.config.budget, cwd) : undefined;
  return budget ?? { limits: [] };
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 10) throw flagInvalid('--rounds', text, 'a count of 10 or more');
  return rounds;
}

/** @throws LccError LCC0002 */
function parseShard(text: string | undefined): Pick<Shard, 'index' | 'count'> | undefined {
  if (text === undefined) return undefined;
  const [, index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (!(index >= 1 && index <= count)) throw flagInvalid('--shard', text, 'i/n, such as 1/3');
  return { index, count };
}

const bundlesOf = (part: Pick<Shard, 'index' | 'count'> | undefined, bundles: readonly string[]): readonly string[] =>
  part ? [...bundles].sort().filter((_, position) => position % part.count === part.index - 1) : bundles;

/**
 * The profiles of `--device`, and those that came among the bundles: `dist/model --device phone-low phone-mid`. Bundles are
 * folders; where none would be left, all that is named is one.
 */
function findDevices(
  named: readonly string[],
  devices: readonly string[] | undefined,
  cwd: string,
): { readonly bundles: readonly string[]; readonly devices?: readonly string[] } {
  const isDevice = (name: string): boolean => {
    const found = statSync(resolve(cwd, name), { throwIfNoEntry: false });
    return found ? found.isFile() && name.endsWith('.json') : isProfileName(name);
  };
  const bundles = named.filter((name) => !isDevice(name));
  if (!devices || bundles.length === 0) return { bundles: named, ...(devices && { devices }) };
  return { bundles, devices: [...devices, ...named.filter(isDevice)] };
}
