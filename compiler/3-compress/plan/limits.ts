import type { ShippedSize } from '../../ir/trial.ts';
import { decisiveLoss, guidingLoss, type Loss } from './judge.ts';
import type { Limits } from './options.ts';

/** What is measured of a result. */
export interface Figures {
  readonly size: ShippedSize;
  readonly loss: Loss;
}

/** A result this near its limit, as a share of it, is near enough. */
export const nearEnough = 0.02;

/** Bytes that one visitor downloads. */
export const totalOf = ({ size }: Pick<Figures, 'size'>): number => size.code + size.weights;

/** How far a result is past each limit, as a share of the limit; none positive when it meets them all. */
export function excessOf({ size }: Pick<Figures, 'size'>, limits: Limits): number {
  const share = (actual: number, limit: number | undefined): number => (limit === undefined ? -1 : actual / limit - 1);
  return Math.max(
    share(totalOf({ size }), limits.size),
    share(size.milliseconds, limits.latency),
    share(size.memory, limits.memory),
  );
}

export const isWithinLoss = ({ loss }: Pick<Figures, 'loss'>, { drop }: Limits): boolean =>
  drop === undefined || decisiveLoss(loss) <= drop;

/** Whether there is a size, latency or memory to meet; else the smallest is wanted. */
export const wantsFit = ({ size, latency, memory }: Limits): boolean =>
  [size, latency, memory].some((limit) => limit !== undefined);

/** Losses below this are all the same. */
const leastLoss = 1e-6;

/** Losses grow by a factor with what is saved: in logarithms they rise evenly. */
export const logLoss = ({ loss }: Pick<Figures, 'loss'>): number => Math.log(Math.max(leastLoss, decisiveLoss(loss)));

/** How much the logarithm of the loss rises from one result to another that is nearer the limits, over how much nearer. */
export const riseOf = (from: Figures, to: Figures, limits: Limits): number =>
  (logLoss(to) - logLoss(from)) / (excessOf(from, limits) - excessOf(to, limits));

/** What the logarithm of a loss is at the limits, if it goes on rising so. */
export const promisedLoss = (figures: Figures, rise: number, limits: Limits): number =>
  logLoss(figures) + rise * excessOf(figures, limits);

export const isMet = (figures: Figures, limits: Limits): boolean =>
  excessOf(figures, limits) <= 0 && isWithinLoss(figures, limits);

/** Whether a way to smaller models has come far enough: within the limits on size, or beyond the loss allowed. */
export const isPast = (figures: Figures, limits: Limits): boolean =>
  wantsFit(limits) ? excessOf(figures, limits) <= 0 : !isWithinLoss(figures, limits);

/** With something to fit the least loss wins, else the least size. */
export const isBetter = (a: Figures, b: Figures, limits: Limits): boolean =>
  wantsFit(limits) ? guidingLoss(a.loss) < guidingLoss(b.loss) : totalOf(a) < totalOf(b);

/** The best of those that meet the limits; the first of equals. */
export function bestOf<T extends Figures>(limits: Limits, all: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const one of all) if (isMet(one, limits) && (best === undefined || isBetter(one, best, limits))) best = one;
  return best;
}

/** Of several that meet them not all, the one least past them; with a loss allowed as well, of those that fit the least loss. */
export function nearestOf<T extends Figures>(limits: Limits, all: readonly T[]): T | undefined {
  let nearest: T | undefined;
  const distanceOf = (one: T): number => Math.max(0, excessOf(one, limits));
  for (const one of all) {
    const nearer = nearest === undefined ? -1 : distanceOf(one) - distanceOf(nearest);
    if (nearest === undefined || nearer < 0 || (nearer === 0 && decisiveLoss(one.loss) < decisiveLoss(nearest.loss)))
      nearest = one;
  }
  return nearest;
}

/** Smallest first, without those that another is neither larger nor worse than. */
export function efficient<T extends Figures>(all: readonly T[]): T[] {
  const sorted = [...all].sort((a, b) => totalOf(b) - totalOf(a) || b.loss.error - a.loss.error);
  const front: T[] = [];
  for (const one of sorted) {
    while ((front.at(-1)?.loss.error ?? -1) >= one.loss.error) front.pop();
    front.push(one);
  }
  return front.reverse();
}
