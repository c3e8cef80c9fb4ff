import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { findLayers } from '../../rewrite/layers.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { replaceNodes } from '../../rewrite/replace-nodes.ts';
import { elementCount } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type EqualisedForIntegers, equaliseForIntegers } from '../actions/equalise-for-integers.ts';
import { type IntegerAttention, offerIntegerAttention } from '../actions/integer-attention.ts';
import {
  type Encoding,
  type EncodingOffer,
  type Evidence,
  encodingsOf,
  findStoredPlaces,
  macsOfPlace,
  type StoredPlace,
  withConstants,
} from '../actions/quantize-weights.ts';
import { sampleInputRows } from '../calibrate/input-rows.ts';
import { measureSpreads, totalVariance } from '../calibrate/spread.ts';
import type { Switches } from './options.ts';
import type { Prices } from './prices.ts';

/** The passes that store weights in fewer bits; the latter computes in integers, too. */
export type StoringPass = 'quantize-weights' | 'quantize-activations';
export const storingPasses: readonly string[] = ['quantize-weights', 'quantize-activations'] satisfies StoringPass[];
/** With the exact pass that readies layers for integers. */
export const quantisingPasses: readonly string[] = [...storingPasses, 'equalise-channels'];

/** One constant stored in fewer bits. */
export interface StoredAction {
  readonly pass: StoringPass | 'equalise-channels';
  readonly place: string;
  readonly level: string;
  /** predicted squared error of the reading layer's output over its variance; 0 where nothing is known */
  readonly error: number;
  readonly bits: { readonly before: number; readonly after: number };
}

export interface Quantised {
  readonly graph: Graph;
  readonly actions: readonly StoredAction[];
}

/** The encoding to store a place in, out of those offered; undefined leaves it float32. */
export type ChooseEncoding = (place: StoredPlace, offered: readonly RatedOffer[]) => RatedEncoding | undefined;

/** `relative`: the error over the variance of the output, 0 for float16 of what is no weight */
export interface RatedEncoding extends Encoding {
  readonly relative: number;
}

export interface RatedOffer extends Omit<EncodingOffer, 'make'> {
  /** guessed error over the variance of the output */
  readonly relative: number;
  make(): RatedEncoding | undefined;
}

interface OfferedPlace {
  readonly place: StoredPlace;
  readonly offered: readonly RatedOffer[];
}

/** What decides on the integers of a graph. */
export interface QuantiseChoices {
  readonly encoding: ChooseEncoding;
  /** layers whose inputs are scaled for integers, by the names of their outputs; none where left out */
  readonly equalised?: Equalisation;
  /** whether an attention multiplies integers; none does where left out */
  readonly attention?: (attention: IntegerAttention) => boolean;
}

export type Equalisation = 'where it helps' | ReadonlySet<string>;

/** The level of an attention that multiplies integers. */
export const integerProducts = 'int8 products';

export type Quantise = (graph: Graph, choices: QuantiseChoices) => Quantised;

/** Inputs that attentions are tried in integers on. */
const mostTried = 8;

/**
 * Stores every constant as it is chosen, on what the layers read on `samples`; without samples errors are unknown. What
 * can be chosen of a graph is found once.
 */
export function makeQuantise(samples: readonly Feeds[], makeRunner: MakeRunner): Quantise {
  const known = new WeakMap<Graph, readonly OfferedPlace[]>();
  const equalise = rememberEqualised(samples, makeRunner);
  const attentions = new WeakMap<Graph, readonly IntegerAttention[]>();
  return (unequal, { encoding: choose, equalised = new Set(), attention }) => {
    const { graph, readers } = equalise(unequal, equalised);
    const places = known.get(graph) ?? offerEncodings(graph, samples, makeRunner);
    known.set(graph, places);
    const tensors = new Map<ValueId, Tensor>();
    const rules = new Map<ValueId, Rule>();
    const actions = places.flatMap(({ place, offered }): StoredAction[] => {
      const chosen = choose(place, offered);
      if (!chosen) return [];
      if (chosen.rule) rules.set(place.output, chosen.rule);
      tensors.set(place.constant, chosen.tensor);
      if (place.bias && chosen.bias) tensors.set(place.bias.id, chosen.bias);
      const before = 32 * elementCount(place.tensor.shape);
      return [
        {
          pass: chosen.isInteger ? 'quantize-activations' : 'quantize-weights',
          place: place.name,
          level: chosen.label,
          error: Number.isFinite(chosen.relative) ? chosen.relative : 0,
          bits: { before, after: chosen.bits },
        },
      ];
    });
    if (attention) {
      const offered = attentions.get(graph) ?? offerIntegerAttention(graph, samples.slice(0, mostTried), makeRunner);
      attentions.set(graph, offered);
      for (const one of offered.filter(attention)) {
        rules.set(one.output, one.rule);
        actions.push(describeAttention(one));
      }
    }
    const stored = withConstants(graph, tensors);
    const changed = rules.size > 0 ? replaceNodes(stored, rules).graph : stored;
    return { graph: changed, actions: [...readers.map(describeEqualised), ...actions] };
  };
}

const describeEqualised = (place: string): StoredAction => ({
  pass: 'equalise-channels',
  place,
  level: 'for integers',
  error: 0,
  bits: { before: 0, after: 0 },
});

const describeAttention = ({ name, error }: IntegerAttention): StoredAction => ({
  pass: 'quantize-activations',
  place: name,
  level: integerProducts,
  error,
  bits: { before: 0, after: 0 },
});

/** The same graph is equalised once each way. */
function rememberEqualised(samples: readonly Feeds[], makeRunner: MakeRunner) {
  const known = new WeakMap<Graph, Map<string, EqualisedForIntegers>>();
  return (graph: Graph, wanted: Equalisation): Pick<EqualisedForIntegers, 'graph' | 'readers'> => {
    if (samples.length === 0 || (wanted !== 'where it helps' && wanted.size === 0)) return { graph, readers: [] };
    const key = wanted === 'where it helps' ? '' : JSON.stringify([...wanted]);
    const ways = known.get(graph) ?? new Map<string, EqualisedForIntegers>();
    known.set(graph, ways);
    const names = wanted === 'where it helps' ? undefined : wanted;
    const found = ways.get(key) ?? equaliseForIntegers(graph, samples.slice(0, mostSpread), makeRunner, names);
    ways.set(key, found);
    return found;
  };
}

function offerEncodings(graph: Graph, samples: readonly Feeds[], makeRunner: MakeRunner): OfferedPlace[] {
  const places = findStoredPlaces(graph);
  const knowledge = gather(graph, places, samples, makeRunner);
  return places.map((place) => {
    const variance = knowledge.varianceOf(place);
    const rate = (error: number): number => (place.x ? error / variance : 0);
    const offered = encodingsOf(place, knowledge.evidenceOf(place)).map(
      (offer): RatedOffer => ({
        kind: offer.kind,
        memory: offer.memory,
        macs: offer.macs,
        get guess() {
          return offer.guess;
        },
        get relative() {
          return rate(offer.guess.error);
        },
        make() {
          const made = offer.make();
          return made && { ...made, relative: rate(made.error) };
        },
      }),
    );
    return { place, offered };
  });
}

/** Inputs that spreads are measured on at most. */
const mostSpread = 64;

/** Rows for the layers that have them, spreads for the rest. */
function gather(graph: Graph, places: readonly StoredPlace[], samples: readonly Feeds[], makeRunner: MakeRunner) {
  if (samples.length === 0) {
    return { varianceOf: () => Number.NaN, evidenceOf: (): Evidence => ({ kind: 'none' }) };
  }
  const outputs = new Set(places.map(({ output }) => output));
  const layers = findLayers(graph).filter(({ y }) => outputs.has(y));
  const rows = sampleInputRows(graph, layers, samples, makeRunner);
  const seen = places.flatMap(({ x, output, axis }) => (x ? [x, { id: output, axis }] : []));
  const values = [...new Map(seen.map((value) => [value.id, value])).values()];
  const spreads = measureSpreads(
    graph,
    values.filter(({ id }) => !graph.constants.has(id)),
    samples.slice(0, mostSpread),
    makeRunner,
  );
  return {
    varianceOf: ({ output }: StoredPlace): number => {
      const spread = spreads.get(output);
      return spread ? totalVariance(spread) : Number.NaN;
    },
    evidenceOf: ({ output, x }: StoredPlace): Evidence => {
      const found = x && rows.get(output);
      const spread = x && spreads.get(x.id);
      if (found) return { kind: 'rows', rows: found, ranges: spread };
      return spread ? { kind: 'spread', spread } : { kind: 'none' };
    },
  };
}

const forcedKinds: Readonly<Record<'fp16' | 'int8' | 'int4', readonly string[]>> = {
  fp16: ['float16'],
  int8: ['int8 with inputs', 'int8', 'float16'],
  int4: ['int4', 'float16'],
};

/** Forced kinds take what they name, other constants float16; `auto` weighs error against what is left to pay for. */
export const chooseEncoding =
  (kind: Switches['quantize'], prices: Prices, sensitivity: (place: StoredPlace) => number): ChooseEncoding =>
  (place, offered) => {
    if (kind === 'off') return undefined;
    if (kind === 'auto') return cheapest(place, offered, prices, sensitivity(place));
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
  place: StoredPlace,
  offered: readonly RatedOffer[],
  prices: Prices,
  sensitivity: number,
): RatedEncoding | undefined {
  const priceOf = ({ bits, memory, macs }: { readonly bits: number } & Pick<Encoding, 'memory' | 'macs'>): number =>
    (prices.storedByte * bits) / 8 + prices.memoryByte * memory + prices.mac * macs;
  const count = elementCount(place.tensor.shape);
  let best: RatedEncoding | undefined;
  let cost = priceOf({ bits: 32 * count, memory: 4 * count, macs: macsOfPlace(place) });
  let ratio = 1;
  const guesses = offered.map((offer) => ({
    offer,
    price: priceOf({ ...offer, bits: offer.guess.compressedBits }),
    error: sensitivity * offer.relative,
  }));
  guesses.sort((a, b) => a.price + a.error - b.price - b.error);
  for (const { offer, price, error } of guesses) {
    // without evidence nothing is known, and nothing is chosen
    if (!(price + margin * ratio * error < cost)) continue;
    const made = offer.make();
    if (!made) continue;
    const found = priceOf({ ...made, bits: made.compressedBits }) + sensitivity * made.relative;
    if (error > 0) ratio = Math.min(ratio, (sensitivity * made.relative) / error);
    if (found < cost) [best, cost] = [made, found];
  }
  return best;
}
