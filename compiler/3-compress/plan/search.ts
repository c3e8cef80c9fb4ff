import type { ShippedSize } from '../../ir/trial.ts';
import { decisiveLoss, type Loss } from './judge.ts';
import type { Limits } from './options.ts';

/** What a search tries. */
export interface Offer {
  /** what all bytes of the original together are worth, in relative squared error of the outputs */
  readonly price: number;
  /** how much dearer weights are to the passes that remove them than to those that store them in fewer bits */
  readonly structure: number;
}

/** One measured result of the search. */
export interface Attempt extends Offer {
  readonly size: ShippedSize;
  readonly loss: Loss;
}

/** Decades of the price that are searched: from nothing but free gains to everything at any loss. */
const decades = { first: -9, last: 3 };
/** Halvings of the whole range, and of the range around the best price for another balance. */
const halvings = { whole: 10, around: 5 };
const balances = [1, 3, 1 / 3, 10];
/** decades on both sides of the best price that another balance is searched in */
const around = 1;
/** a result this near its limit, as a share of it, is near enough */
const nearEnough = 0.02;

/** How far an attempt is past each limit, as a share of the limit; none positive when it meets them all. */
export function excessOf({ size }: Pick<Attempt, 'size'>, limits: Limits): number {
  const share = (actual: number, limit: number | undefined): number => (limit === undefined ? -1 : actual / limit - 1);
  return Math.max(
    share(size.code + size.weights, limits.size),
    share(size.milliseconds, limits.latency),
    share(size.memory, limits.memory),
  );
}

export const isWithinLoss = ({ loss }: Pick<Attempt, 'loss'>, { drop }: Limits): boolean =>
  drop === undefined || decisiveLoss(loss) <= drop;

/**
 * Both size and loss follow the price: bisection finds the least price that meets the limits on size, latency and memory,
 * or, with none of them, the highest whose loss is allowed. Then the same around it for other balances between removing
 * weights and storing them in fewer bits; the best of all attempts counts.
 */
export async function search<T extends Attempt>(
  limits: Limits,
  attempt: (offer: Offer) => Promise<T>,
): Promise<{ readonly chosen: T; readonly isFeasible: boolean }> {
  const wantsFit = wantsFitOf(limits);
  let best: T | undefined;
  let nearest: T | undefined;
  const consider = async (offer: Offer): Promise<T> => {
    const found = await attempt(offer);
    if (isMet(found, limits) && (best === undefined || isBetter(found, best, wantsFit))) best = found;
    if (nearest === undefined || excessOf(found, limits) < excessOf(nearest, limits)) nearest = found;
    return found;
  };
  const bisect = async (first: number, last: number, count: number, structure: number): Promise<void> => {
    let [low, high] = [first, last];
    for (let i = 0; i < count; i++) {
      const middle = (low + high) / 2;
      const found = await consider({ price: 10 ** middle, structure });
      const excess = excessOf(found, limits);
      if (wantsFit ? excess > 0 : isWithinLoss(found, limits)) low = middle;
      else high = middle;
      if (wantsFit && excess <= 0 && excess > -nearEnough) break;
    }
  };
  for (const structure of balances) {
    const price: number | undefined = best === undefined ? undefined : Math.log10(best.price);
    if (price === undefined) await bisect(decades.first, decades.last, halvings.whole, structure);
    else await bisect(price - around, price + around, halvings.around, structure);
  }
  const chosen = best ?? nearest ?? (await consider({ price: 10 ** decades.first, structure: 1 }));
  return { chosen, isFeasible: best !== undefined };
}

/** Decades of the price that a sweep tries. */
const swept = [-5, -4, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1];

/** Tries prices over the whole range. */
export async function sweep(attempt: (offer: Offer) => Promise<Attempt>): Promise<void> {
  for (const decade of swept) await attempt({ price: 10 ** decade, structure: 1 });
}

const wantsFitOf = ({ size, latency, memory }: Limits): boolean =>
  [size, latency, memory].some((limit) => limit !== undefined);

const isMet = (attempt: Attempt, limits: Limits): boolean =>
  excessOf(attempt, limits) <= 0 && isWithinLoss(attempt, limits);

/** The best of those that meet the limits. */
export function bestOf<T extends Attempt>(
  limits: Limits,
  attempts: readonly T[],
): { readonly chosen: T; readonly isFeasible: true } | undefined {
  const met = attempts.filter((attempt) => isMet(attempt, limits));
  const wantsFit = wantsFitOf(limits);
  const [first, ...rest] = met;
  if (first === undefined) return undefined;
  return { chosen: rest.reduce((best, one) => (isBetter(one, best, wantsFit) ? one : best), first), isFeasible: true };
}

/** Whether a walk to smaller models has come far enough: within the limits on size, or beyond the loss allowed. */
export const isPast = (attempt: Attempt, limits: Limits): boolean =>
  wantsFitOf(limits) ? excessOf(attempt, limits) <= 0 : !isWithinLoss(attempt, limits);

/** Walks that are tried, and how far past its limit a start may be. */
const walks = { count: 3, farthest: 0.6 };

/** Results that are not compressed enough yet, to walk on from: the nearest to the limits, of different losses. */
export function startsOf<T extends Attempt>(limits: Limits, attempts: readonly T[]): T[] {
  const total = ({ size }: Attempt): number => size.code + size.weights;
  const open = attempts.filter((one) => !isPast(one, limits));
  if (!wantsFitOf(limits)) return [...open].sort((a, b) => total(a) - total(b)).slice(0, walks.count);
  const near = open.filter((one) => excessOf(one, limits) < walks.farthest);
  return near.sort((a, b) => decisiveLoss(a.loss) - decisiveLoss(b.loss) || total(a) - total(b)).slice(0, walks.count);
}

/** With a size to meet the least loss wins, else the least size. */
const isBetter = (a: Attempt, b: Attempt, wantsFit: boolean): boolean =>
  wantsFit ? decisiveLoss(a.loss) < decisiveLoss(b.loss) : a.size.code + a.size.weights < b.size.code + b.size.weights;
