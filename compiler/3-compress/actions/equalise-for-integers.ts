import type { Graph } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { makeMatrix } from '../../linalg/matrix.ts';
import { findLayers } from '../../rewrite/layers.ts';
import { sampleInputRows } from '../calibrate/input-rows.ts';
import { largestMagnitudes, measureSpreads } from '../calibrate/spread.ts';
import { findHomogeneousPairs } from '../homogeneous-pairs.ts';
import { type Equalised, equaliseChannels } from '../passes/equalise-channels.ts';
import { integerError } from './quantize-activations.ts';

/** Equalising one more pair is worth nothing below this share of the layer's error in integers. */
const leastGain = 0.05;

export interface EqualisedForIntegers extends Equalised {
  /** names of the outputs of the layers that read what was scaled */
  readonly readers: readonly string[];
}

/**
 * Cross-layer equalisation of the layers that integers serve better for it: those whose expected error with inputs and
 * weights in int8 falls on the rows that they read; or of the `chosen` layers, by the names of their outputs. Outputs stay
 * as they are.
 */
export function equaliseForIntegers(
  graph: Graph,
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
  chosen?: ReadonlySet<string>,
): EqualisedForIntegers {
  const layers = new Map(findLayers(graph).map((layer) => [layer.node, layer]));
  const pairs = findHomogeneousPairs(graph).filter(({ reader }) => layers.has(reader.node));
  if (pairs.length === 0 || samples.length === 0) return { graph, pairs: 0, scales: new Map(), readers: [] };
  const seen = pairs.map(({ x }) => ({ id: x.value, axis: x.axis }));
  const spreads = measureSpreads(graph, seen, samples, makeRunner);
  const ranges = new Map([...spreads].map(([id, spread]) => [id, largestMagnitudes(spread)]));
  const readers = pairs.flatMap(({ reader }) => layers.get(reader.node) ?? []);
  const rows = sampleInputRows(graph, readers, samples, makeRunner);
  const isWanted = ({ reader, x }: (typeof pairs)[number]): boolean => {
    const layer = layers.get(reader.node);
    if (chosen) return layer !== undefined && chosen.has(layer.name);
    const read = layer && rows.get(layer.y);
    if (!layer || !read) return false;
    const alone = equaliseChannels(graph, ranges, (pair) => pair.reader.node === reader.node);
    const scaled = alone.graph.constants.get(reader.weights.id);
    const scales = alone.scales.get(x.value);
    if (!scaled || !scales) return false;
    const taps = layer.inputs / scales.length;
    const data = read.data.map((v, at) => v / (scales[Math.floor((at % layer.inputs) / taps)] ?? 1));
    const keepsMean = reader.bias !== undefined;
    const before = integerError(layer.weights, read, keepsMean);
    const after = integerError(scaled, makeMatrix(read.rows, read.columns, data), keepsMean);
    return after < (1 - leastGain) * before;
  };
  const wanted = new Set(pairs.filter(isWanted).map(({ reader }) => reader.node));
  const equalised = equaliseChannels(graph, ranges, ({ reader }) => wanted.has(reader.node));
  const scaled = pairs.filter(({ reader, x }) => wanted.has(reader.node) && equalised.scales.has(x.value));
  const names = scaled.map(({ reader }) => layers.get(reader.node)?.name ?? '');
  return { ...equalised, readers: [...new Set(names)] };
}
