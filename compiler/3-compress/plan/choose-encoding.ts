import { integerLayer } from '../actions/quantize-weights.ts';
import type { Switches } from './options.ts';
import type { Prices } from './prices.ts';

/** What decides on a constant that may be stored in fewer bits. */
export interface StoredFigures {
  readonly name: string;
  readonly elements: number;
  /** multiply-adds of its layer; 0 where it is no layer's */
  readonly macs: number;
  /** relative squared error of the network's outputs per that of the value which its rounding disturbs */
  readonly sensitivity: number;
  /** whether errors of its encodings are predicted: it is a layer's weights, or a table of rows */
  readonly isPredicted: boolean;
}

/** What decides on an encoding, before it is made. */
export interface OfferFigures {
  /** what the label of the encoding starts with, and those of other offers do not */
  readonly kind: string;
  readonly memory: number;
  readonly macs: number;
  /** guessed bits once a compressor has been over them */
  readonly compressedBits: number;
  /** guessed error over the variance of the output */
  readonly relative: number;
}

/** What is known of an encoding once it is made. */
export interface EncodingFigures {
  readonly label: string;
  readonly bits: number;
  readonly compressedBits: number;
  readonly memory: number;
  readonly macs: number;
  /** the error over the variance of the output, 0 for float16 of what is no weight; NaN where nothing is known of inputs */
  readonly relative: number;
  readonly isInteger: boolean;
}

export interface RatedOffer extends OfferFigures {
  /** undefined where the values do not allow it */
  make(): EncodingFigures | undefined;
}

/** The encoding to store a place in, out of those offered; undefined leaves it float32. */
export type ChooseEncoding = (place: StoredFigures, offered: readonly RatedOffer[]) => EncodingFigures | undefined;

const forcedKinds: Readonly<Record<'fp16' | 'int8' | 'int4', readonly string[]>> = {
  fp16: ['float16'],
  int8: [integerLayer, 'int8', 'float16'],
  int4: ['int4', 'float16'],
};

/** Forced kinds take what they name, other constants float16; `auto` weighs error against what is left to pay for. */
export const chooseEncoding =
  (kind: Switches['quantize'], prices: Prices): ChooseEncoding =>
  (place, offered) => {
    if (kind === 'off') return undefined;
    if (kind === 'auto') return cheapest(place, offered, prices);
    for (const wanted of forcedKinds[kind]) {
      const made = offered.find((offer) => offer.kind === wanted)?.make();
      if (made) return made;
    }
    return undefined;
  };

/** How far a guess may be off, once corrected by the best offer that was made. */
const margin = 0.4;

/** The least error + price of what is left, less than that of leaving the place alone; what cannot be it is not made. */
function cheapest(
  { elements, macs: macsBefore, sensitivity }: StoredFigures,
  offered: readonly RatedOffer[],
  prices: Prices,
): EncodingFigures | undefined {
  const priceOf = (bits: number, { memory, macs }: { readonly memory: number; readonly macs: number }): number =>
    (prices.storedByte * bits) / 8 + prices.memoryByte * memory + prices.mac * macs;
  let best: EncodingFigures | undefined;
  let cost = priceOf(32 * elements, { memory: 4 * elements, macs: macsBefore });
  let ratio = 1;
  const guesses = offered.map((offer) => ({
    offer,
    price: priceOf(offer.compressedBits, offer),
    error: sensitivity * offer.relative,
  }));
  guesses.sort((a, b) => a.price + a.error - b.price - b.error);
  for (const { offer, price, error } of guesses) {
    // without evidence nothing is known, and nothing is chosen
    if (!(price + margin * ratio * error < cost)) continue;
    const made = offer.make();
    if (!made) continue;
    const found = priceOf(made.compressedBits, made) + sensitivity * made.relative;
    if (error > 0) ratio = Math.min(ratio, (sensitivity * made.relative) / error);
    if (found < cost) [best, cost] = [made, found];
  }
  return best;
}
