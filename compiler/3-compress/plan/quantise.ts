import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { elementCount } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type Encoding,
  type Evidence,
  encodingsOf,
  findStoredPlaces,
  type StoredPlace,
  withConstants,
} from '../actions/quantize-weights.ts';
import { sampleInputRows } from '../calibrate/input-rows.ts';
import { measureSpreads, totalVariance } from '../calibrate/spread.ts';
import { findLayers } from '../layers.ts';
import type { Switches } from './options.ts';

/** One constant stored in fewer bits. */
export interface StoredAction {
  readonly pass: 'quantize-weights';
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
export type ChooseEncoding = (place: StoredPlace, offered: readonly RatedEncoding[]) => RatedEncoding | undefined;

/** `relative`: the error over the variance of the output, 0 for float16 of what is no weight */
export interface RatedEncoding extends Encoding {
  readonly relative: number;
}

interface OfferedPlace {
  readonly place: StoredPlace;
  readonly offered: readonly RatedEncoding[];
}

export type Quantise = (graph: Graph, choose: ChooseEncoding) => Quantised;

/**
 * Stores every constant as it is chosen, on what the layers read on `samples`; without samples errors are unknown. What
 * can be chosen of a graph is found once.
 */
export function makeQuantise(samples: readonly Feeds[], makeRunner: MakeRunner): Quantise {
  const known = new WeakMap<Graph, readonly OfferedPlace[]>();
  return (graph, choose) => {
    const places = known.get(graph) ?? offerEncodings(graph, samples, makeRunner);
    known.set(graph, places);
    const tensors = new Map<ValueId, Tensor>();
    const actions = places.flatMap(({ place, offered }): StoredAction[] => {
      const chosen = choose(place, offered);
      if (!chosen) return [];
      tensors.set(place.constant, chosen.tensor);
      if (place.bias && chosen.bias) tensors.set(place.bias.id, chosen.bias);
      const before = 32 * elementCount(place.tensor.shape);
      return [
        {
          pass: 'quantize-weights',
          place: place.name,
          level: chosen.label,
          error: Number.isFinite(chosen.relative) ? chosen.relative : 0,
          bits: { before, after: chosen.bits },
        },
      ];
    });
    return { graph: withConstants(graph, tensors), actions };
  };
}

function offerEncodings(graph: Graph, samples: readonly Feeds[], makeRunner: MakeRunner): OfferedPlace[] {
  const places = findStoredPlaces(graph);
  const knowledge = gather(graph, places, samples, makeRunner);
  return places.map((place) => {
    const variance = knowledge.varianceOf(place);
    const offered = encodingsOf(place, knowledge.evidenceOf(place)).map((encoding) => ({
      ...encoding,
      relative: place.x ? encoding.error / variance : 0,
    }));
    return { place, offered };
  });
}

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
    samples,
    makeRunner,
  );
  return {
    varianceOf: ({ output }: StoredPlace): number => {
      const spread = spreads.get(output);
      return spread ? totalVariance(spread) : Number.NaN;
    },
    evidenceOf: ({ output, x }: StoredPlace): Evidence => {
      const found = x && rows.get(output);
      if (found) return { kind: 'rows', rows: found };
      const spread = x && spreads.get(x.id);
      return spread ? { kind: 'spread', spread } : { kind: 'none' };
    },
  };
}

const forcedLabels: Readonly<Record<'fp16' | 'int8' | 'int4', readonly string[]>> = {
  fp16: ['float16'],
  int8: ['int8', 'float16'],
  int4: ['int4', 'float16'],
};

/** Forced kinds take what they name, other constants float16; `auto` weighs error against the price of a bit. */
export const chooseEncoding =
  (kind: Switches['quantize'], bitPrice: number, sensitivity: (place: StoredPlace) => number): ChooseEncoding =>
  (place, offered) => {
    if (kind === 'off') return undefined;
    if (kind !== 'auto') {
      const labels = forcedLabels[kind];
      return labels.map((label) => offered.find((encoding) => encoding.label === label)).find((e) => e !== undefined);
    }
    let best: RatedEncoding | undefined;
    let cost = bitPrice * 32 * elementCount(place.tensor.shape);
    for (const encoding of offered) {
      const found = bitPrice * encoding.bits + sensitivity(place) * encoding.relative;
      if (found < cost) [best, cost] = [encoding, found];
    }
    return best;
  };
