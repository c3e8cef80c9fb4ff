import type { DeviceProfile } from '../../targets/profiles/profile.ts';
import type { Backend } from '../../targets/target.ts';
import { backendNotInBundle } from '../diagnostics/budget.ts';
import { LccError } from '../diagnostics/index.ts';
import { bundlePorts } from './bundle-ports.ts';
import type { CheckRow, Machine } from './check-result.ts';
import { countPages, type Tell } from './countdown.ts';
import type { Device } from './device/device.ts';
import { nameOf, quantiles, timeMeasures } from './measures.ts';
import type { Limit } from './parse-budget.ts';
import { type BundleFiles, usualBackend } from './read-bundle.ts';
import { type AskedTime, makeTimeRow, type TimeKnowledge } from './time-rows.ts';
import type { Times } from './timing/measure-times.ts';

export interface TimesOptions {
  /** profiles whose times are told, limited or not; limits on others are left out, which a note says */
  readonly devices?: readonly string[];
  /** tells latency and cold start without a limit too */
  readonly times?: boolean;
  /** rounds of a page where runs are timed once warm */
  readonly rounds?: number;
  readonly onProgress?: Tell;
  readonly openDevice: () => Promise<Device>;
  /** the device is somewhere else: of `devices` the only one is what it stands for */
  readonly isRemote?: boolean;
}

export interface CheckedTimes {
  readonly rows: readonly CheckRow[];
  readonly machine: Machine | undefined;
  /** bytes that the bundle held in the browser on its usual backend, where its memory is limited */
  readonly memory: number | undefined;
  readonly notes: readonly string[];
}

/** Everything of a bundle that only a browser can tell, measured as far as limits or options ask for it. */
export async function checkTimes(
  bundle: BundleFiles,
  limits: readonly Limit[],
  profiles: ReadonlyMap<string, DeviceProfile>,
  target: DeviceProfile | undefined,
  options: TimesOptions,
): Promise<CheckedTimes> {
  const asked = askedTimes(bundle, limits, options);
  const measured = asked.filter((one) => one.backend === 'wasm' || one.profile === undefined || options.isRemote);
  const limitsMemory = limits.some(({ measure }) => measure === 'memory');
  const backends = new Set(measured.map(({ backend }) => backend));
  const usual = usualBackend(bundle.manifest);
  if (limitsMemory) backends.add(usual);
  const times =
    backends.size === 0 ? new Map<Backend, Times | string>() : await runAll(bundle, [...backends], measured, options);
  const known: TimeKnowledge = {
    times,
    profiles,
    device: options.isRemote && options.devices?.length === 1 ? options.devices[0] : undefined,
    target,
    work: bundle.manifest.work,
  };
  const seen = [...times.values()].filter((one): one is Times => typeof one !== 'string');
  const holding = limitsMemory ? times.get(usual) : undefined;
  const sampled = seen.flatMap((one) => one.latency ?? one.coldStart ?? []);
  const [best] = sampled.sort((a, b) => b.rates.float - a.rates.float);
  return {
    rows: asked.map((one) => makeTimeRow(one, known)),
    machine: seen[0] && best && { browser: seen[0].browser, rate: best.rates.float, disturbed: best.disturbed },
    memory: typeof holding === 'object' ? holding.memory : undefined,
    notes: [
      ...notesOfLeftOut(limits, options),
      ...(typeof holding === 'string' ? [`memory is as planned, not seen in a browser: ${holding}`] : []),
    ],
  };
}

/** A limit on a profile other than those that were asked for. */
const isLeftOut = (limit: Limit, { devices }: TimesOptions): boolean =>
  devices !== undefined && 'profile' in limit && limit.profile !== undefined && !devices.includes(limit.profile);

function notesOfLeftOut(limits: readonly Limit[], options: TimesOptions): string[] {
  const names = limits.filter((limit) => isLeftOut(limit, options)).map(nameOf);
  return names.length === 0 ? [] : [`not checked, since other devices were named: ${names.join(', ')}`];
}

/** @throws LccError LCC6106 for a backend that the bundle does not have */
function askedTimes({ manifest }: BundleFiles, limits: readonly Limit[], options: TimesOptions): AskedTime[] {
  const { devices, times } = options;
  const { name = 'the bundle', backends = ['wasm'] } = manifest;
  const limited = limits.flatMap((limit): AskedTime[] => {
    if (limit.measure !== 'latency' && limit.measure !== 'coldStart') return [];
    if (isLeftOut(limit, options)) return [];
    const { backend = usualBackend(manifest) } = limit;
    if (!backends.includes(backend)) throw backendNotInBundle(name, backend, backends);
    return [{ ...limit, backend }];
  });
  const places = [...(times ? [undefined] : []), ...(devices ?? [])];
  const told = places.flatMap((profile) =>
    backends.flatMap((backend) =>
      timeMeasures.flatMap((measure) =>
        quantiles.map(
          (quantile): AskedTime => ({ measure, quantile, backend, ...(profile !== undefined && { profile }) }),
        ),
      ),
    ),
  );
  // Of WebGPU's times elsewhere the median of a run is estimated, and nothing else.
  const canBeTold = ({ backend, measure, quantile, profile }: AskedTime): boolean =>
    backend === 'wasm' || profile === undefined || (measure === 'latency' && quantile === 'p50');
  const keyOf = ({ measure, quantile, backend, profile }: AskedTime): string =>
    [measure, quantile, backend, profile].join();
  const keys = new Set(limited.map(keyOf));
  return [...limited, ...told.filter((one) => !keys.has(keyOf(one)) && canBeTold(one))];
}

async function runAll(
  { manifest, files }: BundleFiles,
  backends: readonly Backend[],
  asked: readonly AskedTime[],
  { openDevice, rounds, onProgress }: TimesOptions,
): Promise<Map<Backend, Times | string>> {
  // The calibration kernels come with an assembler.
  const { measureTimes } = await import('./timing/measure-times.ts');
  const found = new Map<Backend, Times | string>();
  const { inputs } = bundlePorts(manifest);
  let device: Device;
  try {
    device = await openDevice();
  } catch (error) {
    if (!(error instanceof LccError)) throw error;
    return new Map(backends.map((backend) => [backend, `${error.diagnostic.what} ${error.diagnostic.remedy}`]));
  }
  try {
    for (const backend of backends) {
      const own = asked.filter((one) => one.backend === backend);
      const wants = {
        coldStart: own.some(({ measure }) => measure === 'coldStart'),
        latency: own.some(({ measure }) => measure === 'latency'),
      };
      const onPage = countPages(onProgress, `${backend} in ${device.name}`);
      const task = { files, inputs, backend, wants, onPage, ...(rounds !== undefined && { rounds }) };
      const times = measureTimes(task, device.run).catch((error: unknown) => {
        if (backend === 'webgpu' && error instanceof LccError) return firstLine(error.diagnostic.what);
        throw error;
      });
      found.set(backend, await times);
    }
  } finally {
    await device.close();
  }
  return found;
}

/** Without the stack that a page may have put behind it. */
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;
