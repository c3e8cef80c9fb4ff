import type { NextAction } from '../../ir/report.ts';
import type { ShippedSize } from '../../ir/trial.ts';
import type { Asked } from './ahead.ts';
import { decisiveLoss, guidingLoss } from './judge.ts';
import {
  bestOf,
  excessOf,
  isBetter,
  isMet,
  isPast,
  nearEnough,
  promisedLoss,
  riseOf,
  totalOf,
  wantsFit,
} from './limits.ts';
import type { Limits } from './options.ts';
import {
  type Amount,
  decisionOf,
  type Overrides,
  offeredLabel,
  placeKey,
  type Step,
  stepKey,
  stepsDown,
  stepsUp,
} from './steps.ts';
import type { Trial, Trials } from './trials.ts';

/** Steps of each kind that are told at most. */
const mostNext = 4;

/** What would come next: steps of one place that were not taken, least error for what they save first. */
export function nextSteps(trial: Trial, trials: Trials): Record<Amount, NextAction[]> {
  const known = { ...knownAt(standAt(trial), trials), futile: new Set<string>() };
  const next = (amount: Amount): NextAction[] =>
    stepsDown(known, amount, mostNext).map(({ saved, error, ...step }) => ({
      ...decisionOf(step),
      saves: Math.round(saved),
      error,
    }));
  return { bytes: next('bytes'), memory: next('memory'), macs: next('macs') };
}

/** Steps of one walk at most, and how many are measured before one is taken. */
const walk = { steps: 6, measured: 4 };

/** Steps that walks measure, about. */
export const expectedSteps = walk.steps * walk.measured;

/** Where a walk stands: all that was decided there is kept but for the step that is taken next. */
interface Stand {
  readonly trial: Trial;
  readonly overrides: Overrides;
}

const standAt = (trial: Trial): Stand => ({
  trial,
  overrides: new Map(
    trial.decisions.map(({ pass, place, level }) => [placeKey(pass, place), offeredLabel(pass, level)]),
  ),
});

/**
 * A walk from a result that is not compressed enough: step by step, of the steps that promise most the one that loses
 * least for what it saves, measured.
 */
export async function descend(limits: Limits, start: Trial, trials: Trials): Promise<void> {
  const tried = futileSteps();
  let current = standAt(start);
  for (let step = 0; step < walk.steps && !isPast(current.trial, limits); step++) {
    const amount = tightest(current.trial.size, limits);
    const futile = tried[amount];
    const steps = stepsDown({ ...knownAt(current, trials), futile }, amount, walk.measured);
    const next: Stand[] = [];
    trials.begin(steps.map((one) => askedOf(current, one)));
    for (const one of steps) {
      const made = await take(current, one, trials);
      // A place may be gone, or smaller elsewhere now: what saves nothing is not tried again.
      if (savedBy(current, made, amount) > 0) next.push(made);
      else futile.add(stepKey(one));
    }
    const costOf = ({ trial }: Stand): number =>
      (guidingLoss(trial.loss) - guidingLoss(current.trial.loss)) / savedBy(current, standAt(trial), amount);
    const [best] = next.sort((a, b) => costOf(a) - costOf(b));
    if (!best && futile.size === 0) break;
    if (best) current = best;
  }
}

/** Steps that use up what a limit leaves, at most. */
const fillings = 8;

/**
 * A walk from a result that meets its limits to larger ones that still do, until it is near enough or nothing that fits
 * loses less.
 */
export async function ascend(limits: Limits, start: Trial, trials: Trials): Promise<void> {
  if (!wantsFit(limits)) return;
  const tried = futileSteps();
  let current = standAt(start);
  for (let step = 0; step < fillings && excessOf(current.trial, limits) < -nearEnough; step++) {
    const amount = tightest(current.trial.size, limits);
    const futile = tried[amount];
    const room = roomAt(current.trial.size, limits, amount);
    const steps = stepsUp({ ...knownAt(current, trials), futile }, amount, room, walk.measured);
    let best: Stand | undefined;
    trials.begin(steps.map((one) => askedOf(current, one)));
    for (const one of steps) {
      const made = await take(current, one, trials);
      const isGain = isMet(made.trial, limits) && isBetter(made.trial, current.trial, limits);
      if (!isGain) futile.add(stepKey(one));
      else if (!best || isBetter(made.trial, best.trial, limits)) best = made;
    }
    if (!best && steps.length === 0) break;
    if (best) current = best;
  }
}

/** Steps that were in vain, by what they were to save. */
const futileSteps = (): Record<Amount, Set<string>> => ({ bytes: new Set(), memory: new Set(), macs: new Set() });

const knownAt = ({ trial, overrides }: Stand, trials: Trials) => ({
  labels: overrides,
  offers: trials.offersAt(trial),
});

function askedOf({ trial: { arm, price, structure, bytes }, overrides }: Stand, { key, label }: Step): Asked {
  return { offer: { arm, price, structure, bytes }, overrides: new Map([...overrides, [key, label]]) };
}

async function take(stand: Stand, step: Step, trials: Trials): Promise<Stand> {
  const { offer, overrides } = askedOf(stand, step);
  return { trial: await trials.at(offer, overrides), overrides };
}

/** What the limit that is hardest to meet is about. */
function tightest(size: ShippedSize, limits: Limits): Amount {
  const shares: readonly (readonly [Amount, number])[] = [
    ['bytes', limits.size === undefined ? 0 : totalOf({ size }) / limits.size],
    ['macs', limits.latency === undefined ? 0 : size.milliseconds / limits.latency],
    ['memory', limits.memory === undefined ? 0 : size.memory / limits.memory],
  ];
  return shares.reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

function roomAt(size: ShippedSize, { size: bytes, latency, memory }: Limits, amount: Amount): number {
  switch (amount) {
    case 'bytes':
      return (bytes ?? 0) - totalOf({ size });
    case 'macs':
      return size.macs * ((latency ?? 0) / size.milliseconds - 1);
    case 'memory':
      return (memory ?? 0) - size.memory;
    default:
      return amount satisfies never;
  }
}

function savedBy({ trial: from }: Stand, { trial: to }: Stand, amount: Amount): number {
  switch (amount) {
    case 'bytes':
      return totalOf(from) - totalOf(to);
    case 'macs':
      return from.size.milliseconds - to.size.milliseconds;
    case 'memory':
      return from.size.memory - to.size.memory;
    default:
      return amount satisfies never;
  }
}

/** Walks that are tried, and how far past its limit a start may be. */
const starts = { count: 2, farthest: 0.4 };

/**
 * Results that are not compressed enough yet, to walk on from: near the limits, of those that promise least loss there, by
 * how losses rise between the best of them and what meets the limits.
 */
export function startsOf<T extends Trial>(limits: Limits, all: readonly T[]): T[] {
  const open = all.filter((one) => !isPast(one, limits));
  if (!wantsFit(limits)) return [...open].sort((a, b) => totalOf(a) - totalOf(b)).slice(0, starts.count);
  const near = open.filter((one) => excessOf(one, limits) < starts.farthest);
  if (near.length === 0) return open.sort((a, b) => excessOf(a, limits) - excessOf(b, limits)).slice(0, 1);
  near.sort((a, b) => decisiveLoss(a.loss) - decisiveLoss(b.loss) || totalOf(a) - totalOf(b));
  const [least] = near;
  const met = bestOf(limits, all);
  // nothing is known of it where nothing meets them, and more that is saved costs no less
  const rise = least && met ? Math.max(0, riseOf(least, met, limits)) : 0;
  return near.sort((a, b) => promisedLoss(a, rise, limits) - promisedLoss(b, rise, limits)).slice(0, starts.count);
}
