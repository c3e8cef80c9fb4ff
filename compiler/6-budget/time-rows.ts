import { estimateFromWork } from '../../targets/profiles/estimate-time.ts';
import type { DeviceProfile } from '../../targets/profiles/profile.ts';
import type { Backend } from '../../targets/target.ts';
import type { Work } from '../ir/count-work.ts';
import { printQuantity } from '../quantity/quantity.ts';
import { type CheckRow, makeRow } from './check-result.ts';
import type { TimeMeasure } from './measures.ts';
import type { Limit } from './parse-budget.ts';
import type { Times } from './timing/measure-times.ts';
import { quantileOf, type Sampled } from './timing/statistics.ts';

/** A time that a budget limits, or that is asked for without a limit. */
export type AskedTime = Omit<Extract<Limit, { readonly measure: TimeMeasure }>, 'limit'> & {
  readonly backend: Backend;
  readonly limit?: number;
};

export interface TimeKnowledge {
  /** what a browser showed, by backend; a string says why it could not */
  readonly times: ReadonlyMap<Backend, Times | string>;
  /** of the names that are asked for */
  readonly profiles: ReadonlyMap<string, DeviceProfile>;
  /** the profile that the device that ran it stands for: its times are that profile's own */
  readonly device: string | undefined;
  /** the device class that the bundle's target is for */
  readonly target: DeviceProfile | undefined;
  /** of one run; undefined where the bundle's lcc.json does not say */
  readonly work: Work | undefined;
}

const shares = { p50: 0.5, p95: 0.95 } as const;

/**
 * One time, as it was measured or worked out for a profile. On wasm a profile's time is the measured one by the ratio of the
 * calibration kernels' rates: those beside the measured rounds to the profile's.
 */
export function makeTimeRow(asked: AskedTime, known: TimeKnowledge): CheckRow {
  const { backend, profile } = asked;
  const isHere = profile === undefined || profile === known.device;
  const found = known.times.get(backend);
  const rates = profile === undefined ? undefined : known.profiles.get(profile);
  if (!isHere && rates && backend === 'webgpu') return estimatedRow(asked, rates, known);
  if (found === undefined || typeof found === 'string') return missing(asked, found ?? 'it was not measured');
  if (found.isSoftware) {
    return missing(asked, 'the WebGPU adapter here is software, whose times mean nothing: --gpu hardware or --remote');
  }
  const sampled = found[asked.measure];
  if (!sampled) return missing(asked, 'it was not measured');
  const scale = isHere || !rates ? 1 : scaleTo(rates, sampled, asked.measure, known.work);
  const { value, interval } = quantileOf(sampled.blocks, shares[asked.quantile]);
  const [low, high] = interval.map((bound) => bound * scale) as [number, number];
  const row = makeRow(asked, {
    actual: value * scale,
    interval: [low, high],
    ...(!isHere && { isEstimated: true }),
    ...(asked.limit !== undefined && { limit: asked.limit }),
  });
  return judge(row, sampled, isHere && known.device === undefined ? known.target : undefined);
}

const missing = (asked: AskedTime, reason: string): CheckRow =>
  makeRow(asked, { reason, ...(asked.limit !== undefined && { limit: asked.limit }) });

function estimatedRow(asked: AskedTime, profile: DeviceProfile, { work }: TimeKnowledge): CheckRow {
  const { measure, quantile, limit } = asked;
  const isMedian = measure === 'latency' && quantile === 'p50';
  const actual = isMedian && work ? estimateFromWork(work, profile, 'webgpu') : undefined;
  if (actual === undefined) {
    return missing(
      asked,
      `${measure} ${quantile} on WebGPU cannot be estimated for ${profile.name}: measure it there by --remote`,
    );
  }
  return makeRow(asked, { actual, isEstimated: true, ...(limit !== undefined && { limit }) });
}

/** How much longer it takes on the profile. A cold start is compiling above all. */
function scaleTo({ wasm }: DeviceProfile, here: Sampled, measure: TimeMeasure, work: Work | undefined): number {
  if (measure === 'coldStart') return here.rates.compile / wasm.compile;
  const { float, integer, other } = work ?? { float: 1, integer: 0, other: 0 };
  const there = (float + other) / wasm.float + integer / wasm.integer;
  return there / ((float + other) / here.rates.float + integer / here.rates.integer);
}

/** A limit is broken only where the whole interval is past it, on a machine that is neither busy nor slower than the target's. */
function judge(row: CheckRow, sampled: Sampled, target: DeviceProfile | undefined): CheckRow {
  const { limit, interval } = row;
  if (limit === undefined || interval === undefined) return row;
  const [, high] = interval;
  if (high <= limit) return { ...row, verdict: 'ok', over: 0 };
  const doubt = doubtOf(row, sampled, target);
  return doubt === undefined ? { ...row, verdict: 'over' } : { ...row, verdict: 'inconclusive', reason: doubt };
}

/** Why a time that is not within its limit is not past it beyond doubt either. */
function doubtOf(
  { interval, limit = 0, isEstimated }: CheckRow,
  { disturbed, isBusy, usual, best, rates }: Sampled,
  target: DeviceProfile | undefined,
): string | undefined {
  const [low, high] = interval ?? [0, 0];
  if (low <= limit) {
    return `the limit lies inside the interval of ${printQuantity(low, 'ms')} to ${printQuantity(high, 'ms')}: run it again, or allow ${printQuantity(high, 'ms')}`;
  }
  if (isBusy && low * (usual / best) <= limit) {
    return `this machine is busy: the calibration kernel was slowed beside ${Math.round(100 * disturbed)} % of the rounds; run it again`;
  }
  if (!isEstimated && target && low * (rates.float / target.wasm.float) <= limit) {
    return `this machine is slower than ${target.name}, which the bundle is for: limit the time on ${target.name}, or measure on a device`;
  }
  return undefined;
}
