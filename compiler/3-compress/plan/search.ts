import type { Arm } from './arms.ts';
import { decisiveLoss } from './judge.ts';
import {
  bestOf,
  excessOf,
  type Figures,
  isPast,
  logLoss,
  nearEnough,
  nearestOf,
  promisedLoss,
  riseOf,
  totalOf,
  wantsFit,
} from './limits.ts';
import type { Limits } from './options.ts';

/** What a search tries. */
export interface Offer {
  readonly arm: Arm;
  /** what all bytes of the original together are worth, in relative squared error of the outputs */
  readonly price: number;
  /** how much dearer weights are to the passes that remove them than to those that store them in fewer bits */
  readonly structure: number;
  /** how much of the price bytes of the download have, where there is a limit on time or memory as well */
  readonly bytes: number;
}

/** One measured result of the search. */
export interface Attempt extends Offer, Figures {}

/** Decades of the price that every search measures, whatever its limits, so that another search need not again. */
const grid = [-4, -3, -2, -1, 0];
/** Decades beyond which nothing is left to gain, and nothing to lose. */
const range = { first: -9, last: 3 };
/** Curves that are searched between the points of the grid. */
const refined = 3;
/** Halvings of a decade of the grid, of the decades beyond it, and around the best price for another balance. */
const halvings = { within: 4, beyond: 6, around: 4 };
const balances = [3, 1 / 3];
/**
 * What makes a model fast or small in memory makes it small to load, rarely the other way round: with a limit on time or
 * memory bytes count little. Where the download is limited as well they count in full, too.
 */
const fewBytes = 1 / 30;
const hasTime = ({ latency, memory }: Limits): boolean => latency !== undefined || memory !== undefined;

/** Shares of the price that bytes have in the curves of the grid. */
function sharesOfBytes(limits: Limits): number[] {
  if (!hasTime(limits)) return [1];
  return limits.size === undefined ? [fewBytes] : [fewBytes, 1];
}

/** decades on both sides of the best price that another balance is searched in */
const around = 0.75;

/** Results of one arm over the grid. */
export interface Curve<T> {
  readonly arm: Arm;
  readonly bytes: number;
  readonly points: readonly T[];
}

/** Offers that a grid and a search ask for, about: fewer where bisections end early. */
export const expectedOffers = (limits: Limits, arms: readonly Arm[]): number =>
  arms.length * sharesOfBytes(limits).length * grid.length +
  refined * halvings.within +
  balances.length * halvings.around;

type Try<T> = (offer: Offer) => Promise<T>;

/** Ways to have offers measured elsewhere before they are asked for. */
export interface Ahead {
  begin(offers: readonly Offer[]): void;
  /** undefined where nobody measures ahead */
  rehearse(offer: Offer): Promise<Figures | undefined>;
}

const alone: Ahead = { begin: () => {}, rehearse: async () => undefined };

/** The grid of every arm; which kinds of limits there are matters, not how tight they are. */
export async function measureGrid<T>(
  limits: Limits,
  arms: readonly Arm[],
  attempt: Try<T>,
  { begin }: Ahead = alone,
): Promise<Curve<T>[]> {
  const curves = arms.flatMap((arm) => sharesOfBytes(limits).map((bytes) => ({ arm, bytes, points: [] as T[] })));
  const offersOf = ({ arm, bytes }: Omit<Curve<T>, 'points'>): Offer[] =>
    grid.map((decade) => ({ arm, price: 10 ** decade, structure: 1, bytes }));
  const all = curves.flatMap(offersOf);
  for (const curve of curves) {
    for (const offer of offersOf(curve)) {
      begin(all);
      curve.points.push(await attempt(offer));
    }
  }
  return curves;
}

/**
 * Both size and loss follow the price: between two points of the grid bisection finds the least price that meets the limits
 * on size, latency and memory, or, with none of them, the highest whose loss is allowed. First in the arms that promise
 * most, then in the best of them for other balances between removing weights and storing them in fewer bits.
 */
export async function search<T extends Attempt>(
  limits: Limits,
  curves: readonly Curve<T>[],
  attempt: Try<T>,
  { rehearse }: Ahead = alone,
): Promise<T[]> {
  const found = curves.flatMap(({ points }) => points);
  const add: Try<T> = async (offer) => {
    const one = await attempt(offer);
    found.push(one);
    return one;
  };
  /** Each by itself, beside each other where somebody measures ahead; then in order. */
  const bisectAll = async (all: readonly Bisection[]): Promise<void> => {
    await Promise.all(all.map((one) => bisect(limits, one, rehearse)));
    for (const one of all) await bisect(limits, one, add);
  };
  const promises = curves.map((curve) => ({ ...curve, ...promiseOf(curve, limits) }));
  promises.sort((a, b) => a.score - b.score);
  await bisectAll(
    promises.slice(0, refined).map(({ arm, bytes, bracket, isBeyond }) => ({
      offered: { arm, structure: 1, bytes },
      bracket,
      count: isBeyond ? halvings.beyond : halvings.within,
    })),
  );
  const best = bestOf(limits, found) ?? nearestOf(limits, found);
  if (best && best.arm.passes.size > 0) {
    const price = Math.log10(best.price);
    const bracket: Bracket = [price - around, price + around];
    await bisectAll(
      balances.map((structure) => ({ offered: { ...best, structure }, bracket, count: halvings.around })),
    );
  }
  return found;
}

/** A search for the price at which a limit is met. */
interface Bisection {
  readonly offered: Omit<Offer, 'price'>;
  readonly bracket: Bracket;
  readonly count: number;
}

/** Until it is near enough, or nothing is found. */
async function bisect(
  limits: Limits,
  { offered: { arm, structure, bytes }, bracket, count }: Bisection,
  attempt: Try<Figures | undefined>,
): Promise<void> {
  let [low, high] = bracket;
  for (let i = 0; i < count; i++) {
    const middle = (low + high) / 2;
    const one = await attempt({ arm, structure, bytes, price: 10 ** middle });
    if (!one) return;
    if (isPast(one, limits)) high = middle;
    else low = middle;
    const excess = excessOf(one, limits);
    if (wantsFit(limits) && excess <= 0 && excess > -nearEnough) return;
  }
}

/** Decades of the price. */
type Bracket = readonly [number, number];

/** Where a curve crosses the limits, and what it has there: less is better. */
function promiseOf(
  { points }: Curve<Figures>,
  limits: Limits,
): { readonly bracket: Bracket; readonly isBeyond: boolean; readonly score: number } {
  const crossing = points.findIndex((point) => isPast(point, limits));
  const [before, after] = [points[crossing - 1], points[crossing]];
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return { bracket: [range.first, range.last], isBeyond: true, score: Number.POSITIVE_INFINITY };
  if (crossing < 0) {
    const score = wantsFit(limits) ? scoreBeyond(points.at(-2), last, limits) : scoreOf(last, limits);
    return { bracket: [grid.at(-1) ?? 0, range.last], isBeyond: true, score };
  }
  if (!before || !after) {
    const score = wantsFit(limits) ? scoreOf(first, limits) : beyondAll + decisiveLoss(first.loss);
    return { bracket: [range.first, grid[0] ?? 0], isBeyond: true, score };
  }
  const [open, past] = [distanceOf(before, limits), distanceOf(after, limits)];
  const along = open / Math.max(Number.MIN_VALUE, open - past);
  const score = scoreOf(before, limits) + along * (scoreOf(after, limits) - scoreOf(before, limits));
  return { bracket: [grid[crossing - 1] ?? 0, grid[crossing] ?? 0], isBeyond: false, score };
}

/** What a curve that ends before the limit has there, if it goes on as between its last two points. */
function scoreBeyond(before: Figures | undefined, last: Figures, limits: Limits): number {
  const left = excessOf(last, limits);
  const decade = before ? excessOf(before, limits) - left : 0;
  if (!before || left > mostDecades * decade) return beyondAll + left;
  return promisedLoss(last, riseOf(before, last, limits), limits);
}

/** A curve that ends farther from the limit is not expected to get there. */
const mostDecades = 2;
/** Above every score of a curve that crosses. */
const beyondAll = 1e3;

/** How far a result still is from where it crosses; negative beyond. */
const distanceOf = (figures: Figures, limits: Limits): number =>
  wantsFit(limits) ? excessOf(figures, limits) : (limits.drop ?? 0) - decisiveLoss(figures.loss);

const scoreOf = (figures: Figures, limits: Limits): number =>
  wantsFit(limits) ? logLoss(figures) : Math.log(totalOf(figures));
