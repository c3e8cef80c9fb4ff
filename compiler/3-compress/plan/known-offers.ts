import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { elementCount } from '../../tensor/shape.ts';
import { equaliseForIntegers } from '../actions/equalise-for-integers.ts';
import { type IntegerAttention, offerIntegerAttention } from '../actions/integer-attention.ts';
import { macsOfPlace } from '../actions/quantize-weights.ts';
import type { Draft } from '../draft.ts';
import { once } from '../once.ts';
import { forgetful, type Remembered, recallOr } from '../remembered.ts';
import type { EncodingFigures, OfferFigures, RatedOffer, StoredFigures } from './choose-encoding.ts';
import type { Equalisation } from './quantise.ts';
import { mostSpread, offerEncodings, type StoredOffers } from './stored-offers.ts';

/** What decides on an attention whose products may be of integers. */
export type AttentionFigures = Pick<IntegerAttention, 'name' | 'macs' | 'error'> & {
  /** relative squared error of the network's outputs per that of its output */
  readonly sensitivity: number;
};

/** What may be known of the constants of drafts. */
export interface StoringMemory {
  /** names of the layers whose inputs equalisation scales */
  readonly readers: Remembered<readonly string[]>;
  readonly encodings: Remembered<readonly RememberedOffers[]>;
  /** null where the values do not allow it */
  readonly made: Remembered<EncodingFigures | null>;
  readonly attentions: Remembered<readonly AttentionFigures[]>;
}

interface RememberedOffers {
  readonly place: StoredFigures;
  readonly offered: readonly OfferFigures[];
}

export interface StoringKnowledge {
  /** relative squared error of the outputs per that of a value; 1 where left out */
  readonly sensitivityOf?: (graph: Graph, value: ValueId) => number;
  readonly memory?: StoringMemory;
  /** hears what is worked out that nothing remembers */
  readonly onLook?: (what: string) => void;
}

/** What is offered of a draft: figures that decide, remembered or found, and behind them what makes it. */
export interface KnownOffers {
  readers(): readonly string[];
  /** `readsAll`: guesses of all offers are found out at once, and remembered */
  encodings(readsAll: boolean): readonly { readonly place: StoredFigures; readonly offered: readonly RatedOffer[] }[];
  attentions(): readonly AttentionFigures[];
  readonly real: RealOffers;
}

interface RealOffers {
  graph(): Graph;
  readers(): readonly string[];
  encodings(): readonly StoredOffers[];
  attentions(): readonly IntegerAttention[];
}

export type OffersOf = (draft: Draft, equalised: Equalisation) => KnownOffers;

/** Inputs that attentions are tried in integers on. */
const mostTried = 8;

export const noStoringMemory: StoringMemory = {
  readers: forgetful,
  encodings: forgetful,
  made: forgetful,
  attentions: forgetful,
};

interface Context extends Required<StoringKnowledge> {
  readonly samples: readonly Feeds[];
  readonly makeRunner: MakeRunner;
}

/** What can be chosen of a draft, on what the layers read on `samples`; without samples errors are unknown. Found once. */
export function makeOffersOf(
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
  { sensitivityOf = () => 1, memory = noStoringMemory, onLook = () => {} }: StoringKnowledge = {},
): OffersOf {
  const known = new WeakMap<Draft, Map<string, KnownOffers>>();
  return (draft, equalised) => {
    const way = equalised === 'where it helps' ? equalised : JSON.stringify([...equalised]);
    const ways = known.get(draft) ?? new Map<string, KnownOffers>();
    known.set(draft, ways);
    const context = { samples, makeRunner, sensitivityOf, memory, onLook };
    const found = ways.get(way) ?? knowOffers(context, `${draft.key} ${way}`, makeOffers(context, draft, equalised));
    ways.set(way, found);
    return found;
  };
}

function makeOffers({ samples, makeRunner, onLook }: Context, draft: Draft, wanted: Equalisation): RealOffers {
  const equalised = once(() => {
    if (samples.length === 0 || (wanted !== 'where it helps' && wanted.size === 0))
      return { graph: draft.graph(), readers: [] };
    const names = wanted === 'where it helps' ? undefined : wanted;
    return equaliseForIntegers(draft.graph(), samples.slice(0, mostSpread), makeRunner, names);
  });
  const graph = () => equalised().graph;
  return {
    graph,
    readers: () => equalised().readers,
    encodings: once(() => {
      onLook('weights in fewer bits');
      return offerEncodings(graph(), samples, makeRunner);
    }),
    attentions: once(() => offerIntegerAttention(graph(), samples.slice(0, mostTried), makeRunner)),
  };
}

function knowOffers({ sensitivityOf, memory }: Context, key: string, real: RealOffers): KnownOffers {
  const storedFigures = ({ place }: StoredOffers): StoredFigures => ({
    name: place.name,
    elements: elementCount(place.tensor.shape),
    macs: macsOfPlace(place),
    sensitivity: sensitivityOf(real.graph(), place.output),
    isPredicted: place.x !== undefined,
  });
  const attentionFigures = ({ name, macs, error, output }: IntegerAttention): AttentionFigures => ({
    ...{ name, macs, error },
    sensitivity: sensitivityOf(real.graph(), output),
  });
  const make = (i: number, j: number): EncodingFigures | undefined =>
    recallOr(memory.made, `${i} ${j} of ${key}`, () => madeFigures(real.encodings()[i]?.offered[j]?.make())) ??
    undefined;
  const remembered = once(() => {
    const all = recallOr(memory.encodings, key, () =>
      real.encodings().map((one) => ({ place: storedFigures(one), offered: one.offered.map(offerFigures) })),
    );
    return all.map(({ place, offered }, i) => ({
      place,
      offered: offered.map((offer, j): RatedOffer => ({ ...offer, make: once(() => make(i, j)) })),
    }));
  });
  return {
    readers: () => recallOr(memory.readers, key, real.readers),
    encodings: (readsAll) =>
      readsAll ? remembered() : real.encodings().map((one) => ({ place: storedFigures(one), offered: one.offered })),
    attentions: () => recallOr(memory.attentions, key, () => real.attentions().map(attentionFigures)),
    real,
  };
}

const offerFigures = ({ kind, memory, macs, compressedBits, relative }: StoredOffers['offered'][number]) =>
  ({ kind, memory, macs, compressedBits, relative }) satisfies OfferFigures;

function madeFigures(made: EncodingFigures | undefined): EncodingFigures | null {
  if (!made) return null;
  const { label, bits, compressedBits, memory, macs, relative, isInteger } = made;
  return { label, bits, compressedBits, memory, macs, relative, isInteger };
}
