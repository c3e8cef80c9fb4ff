import type { Graph } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { findLayers } from '../../rewrite/layers.ts';
import {
  type Encoding,
  type EncodingOffer,
  type Evidence,
  encodingsOf,
  findStoredPlaces,
  type StoredPlace,
} from '../actions/quantize-weights.ts';
import { sampleInputRows } from '../calibrate/input-rows.ts';
import { measureSpreads, totalVariance } from '../calibrate/spread.ts';

/** `relative`: the error over the variance of the output, 0 for float16 of what is no weight */
export type RatedEncoding = Encoding & { readonly relative: number };

/** A constant, and the ways to store it; what they may lose is found out when it is asked for. */
export interface StoredOffers {
  readonly place: StoredPlace;
  readonly offered: readonly (Pick<EncodingOffer, 'kind' | 'memory' | 'macs'> & {
    readonly compressedBits: number;
    readonly relative: number;
    make(): RatedEncoding | undefined;
  })[];
}

/** The ways to store every constant of a graph, on what the layers read on `samples`. */
export function offerEncodings(graph: Graph, samples: readonly Feeds[], makeRunner: MakeRunner): StoredOffers[] {
  const places = findStoredPlaces(graph);
  const knowledge = gather(graph, places, samples, makeRunner);
  return places.map((place) => {
    const variance = knowledge.varianceOf(place);
    const rate = (error: number): number => (place.x ? error / variance : 0);
    const offered = encodingsOf(place, knowledge.evidenceOf(place)).map((offer) => ({
      kind: offer.kind,
      memory: offer.memory,
      macs: offer.macs,
      get compressedBits() {
        return offer.guess.compressedBits;
      },
      get relative() {
        return rate(offer.guess.error);
      },
      make() {
        const made = offer.make();
        return made && { ...made, relative: rate(made.error) };
      },
    }));
    return { place, offered };
  });
}

/** Inputs that spreads are measured on at most. */
export const mostSpread = 64;

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
