import type { LevelFigures, StructuralPass } from '../candidate.ts';
import type { ChooseLevel } from '../structure.ts';
import type { Switches } from './options.ts';

/** What is paid, in relative squared error of the outputs, for a byte less and for a multiply-add less. */
export interface Prices {
  /** in the passes that store weights in fewer bits */
  readonly storedByte: number;
  /** in those that remove weights */
  readonly removedByte: number;
  /** in memory, once loaded */
  readonly memoryByte: number;
  /** in the passes that compute in integers */
  readonly mac: number;
  /** in those that remove weights */
  readonly removedMac: number;
  /** layers in integers are wanted for more than their bytes: they are made ready for it */
  readonly wantsIntegers: boolean;
}

/** Nothing is paid for anything. */
export const noPrices: Prices = {
  storedByte: 0,
  removedByte: 0,
  memoryByte: 0,
  mac: 0,
  removedMac: 0,
  wantsIntegers: false,
};

/** Brotli bytes that a weight takes in the end, by how weights are going to be stored; a first guess that plans correct. */
export const bytesPerWeight: Readonly<Record<Switches['quantize'], number>> = {
  off: 3.7,
  fp16: 1.9,
  int8: 0.9,
  int4: 0.55,
  auto: 0.6,
};

/**
 * The level with the least error of the outputs + price of what is left, where that is less than leaving the place alone.
 * Forced switches decide by themselves.
 */
export const chooseByPrice =
  (prices: Prices, switches: Switches): ChooseLevel =>
  (place, levels) => {
    const forced = switchOf(place.pass, switches);
    if (forced === 'off') return undefined;
    if (forced === 'all') return least(levels, ({ error }) => error);
    if (typeof forced === 'number') {
      if (place.isHead) return undefined;
      const kept = levels.filter(({ error }) => error <= 1 - forced);
      return least(kept, ({ parameters }) => parameters);
    }
    const perWeight = bytesPerWeight[switches.quantize];
    const costOf = ({ error, parameters, macs }: Omit<LevelFigures, 'label'>): number =>
      place.sensitivity * error +
      (prices.removedByte * perWeight + prices.memoryByte * 4) * parameters +
      prices.removedMac * macs;
    const best = least(levels, costOf);
    return best && costOf(best) < costOf({ ...place, error: 0 }) ? best : undefined;
  };

/** What the options say of a pass. */
export function switchOf(pass: StructuralPass, switches: Switches): 'auto' | 'off' | 'all' | number {
  switch (pass) {
    case 'collapse-layers':
      return switches.collapse;
    case 'drop-blocks':
      return switches.blocks;
    case 'trim-width':
      return switches.width;
    case 'truncate-rank':
      return switches.rank;
    default:
      return pass satisfies never;
  }
}

function least<T>(items: readonly T[], costOf: (item: T) => number): T | undefined {
  let best: T | undefined;
  let cost = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const found = costOf(item);
    if (found < cost) [best, cost] = [item, found];
  }
  return best;
}
