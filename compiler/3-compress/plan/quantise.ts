import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { replaceNodes } from '../../rewrite/replace-nodes.ts';
import { elementCount } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type Encoding,
  type Evidence,
  encodingsOf,
  findStoredPlaces,
  macsOfPlace,
  type StoredPlace,
  withConstants,
} from '../actions/quantize-weights.ts';
import { sampleInputRows } from '../calibrate/input-rows.ts';
import { measureSpreads, totalVariance } from '../calibrate/spread.ts';
import { findLayers } from '../layers.ts';
import type { Switches } from './options.ts';
import type { Prices } from './prices.ts';

/** The passes that store weights in fewer bits; the latter computes in integers, too. */
export type StoringPass = 'quantize-weights' | 'quantize-activations';
export const storingPasses: readonly string[] = ['quantize-weights', 'quantize-activations'] satisfies StoringPass[];

/** One constant stored in fewer bits. */
export interface StoredAction {
  readonly pass: StoringPass;
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
          pass: chosen.rule ? 'quantize-activations' : 'quantize-weights',
          place: place.name,
          level: chosen.label,
          error: Number.isFinite(chosen.relative) ? chosen.relative : 0,
          bits: { before, after: chosen.bits },
        },
      ];
    });
    const stored = withConstants(graph, tensors);
    return { graph: rules.size > 0 ? replaceNodes(stored, rules).graph : stored, actions };
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
      if (found) return { kind: 'rows', rows: found };
      const spread = x && spreads.get(x.id);
      return spread ? { kind: 'spread', spread } : { kind: 'none' };
    },
  };
}

const forcedLabels: Readonly<Record<'fp16' | 'int8' | 'int4', readonly string[]>> = {
  fp16: ['float16'],
  int8: ['int8 with inputs', 'int8', 'float16'],
  int4: ['int4, compensated', 'int4', 'float16'],
};

/** Forced kinds take what they name, other constants float16; `auto` weighs error against what is left to pay for. */
export const chooseEncoding =
  (kind: Switches['quantize'], prices: Prices, sensitivity: (place: StoredPlace) => number): ChooseEncoding =>
  (place, offered) => {
    if (kind === 'off') return undefined;
    if (kind !== 'auto') {
      const labels = forcedLabels[kind];
      return labels.map((label) => offered.find((encoding) => encoding.label === label)).find((e) => e !== undefined);
    }
    let best: RatedEncoding | undefined;
    const count = elementCount(place.tensor.shape);
    const priceOf = ({ bits, memory, macs }: Pick<Encoding, 'bits' | 'memory' | 'macs'>): number =>
      (prices.storedByte * bits) / 8 + prices.memoryByte * memory + prices.mac * macs;
    let cost = priceOf({ bits: 32 * count, memory: 4 * count, macs: macsOfPlace(place) });
    for (const encoding of offered) {
      const found = priceOf(encoding) + sensitivity(place) * encoding.relative;
      if (found < cost) [best, cost] = [encoding, found];
    }
    return best;
  };
