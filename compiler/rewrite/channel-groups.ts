import type { Graph, Node, ValueId } from '../ir/graph.ts';
import type { WeightLayer } from './layers.ts';
import { contextOf, traceChannels } from './trace-channels.ts';

/** Features along one dimension of a value, and the unit (0..width-1) that each belongs to. */
export interface Features {
  readonly value: ValueId;
  readonly axis: number;
  readonly units: readonly number[];
}

/** A layer that reads units through features of its input. */
export interface UnitReader {
  readonly layer: WeightLayer;
  readonly x: Features;
  /** the same features where each is a unit of its own: before images were flattened */
  readonly seen: Features;
}

/** Weights that go with a unit: rows of a layer that makes units, filters of a depthwise convolution between. */
export interface UnitWeights {
  readonly node: Node;
  /** per feature */
  readonly weights: number;
  readonly positions: number;
  readonly units: readonly number[];
}

/**
 * Hidden units that can only be removed together with everything that carries them: the layers that make them, nodes that
 * keep them apart (activations, gates, pools, depthwise convolutions, sums, concatenations) and all layers that read them.
 */
export interface ChannelGroup {
  readonly width: number;
  readonly writers: readonly UnitWeights[];
  readonly depthwise: readonly UnitWeights[];
  readonly readers: readonly UnitReader[];
}

/** Why the outputs of a layer cannot be cut. */
export interface Refusal {
  readonly layer: string;
  readonly reason: string;
}

export interface ChannelGroups {
  readonly groups: readonly ChannelGroup[];
  readonly refusals: readonly Refusal[];
}

/** All groups of a graph, in the order of their first layers; each layer's outputs are in one group or refused. */
export function findChannelGroups(graph: Graph): ChannelGroups {
  const context = contextOf(graph);
  const groups: ChannelGroup[] = [];
  const refusals: Refusal[] = [];
  const done = new Set<Node>();
  for (const layer of context.layers.values()) {
    if (done.has(layer.node)) continue;
    const found = traceChannels(context, layer);
    if (typeof found === 'string') refusals.push({ layer: layer.name, reason: found });
    else {
      groups.push(found);
      for (const { node } of found.writers) done.add(node);
    }
  }
  return { groups, refusals };
}

/** Units by their place in the layers that make them: the first unit of each, then the second of each. */
export function prefixOrder({ width, writers }: ChannelGroup): number[] {
  const places = new Array<number>(width).fill(Number.POSITIVE_INFINITY);
  for (const { units } of writers)
    units.forEach((unit, place) => {
      places[unit] = Math.min(places[unit] ?? place, place);
    });
  return Array.from(places.keys()).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0) || a - b);
}

/** For each channel of a reader's input the place of its unit among those that the reader sees. */
export function seenUnits({ x, seen }: UnitReader): number[] {
  const places = new Map(seen.units.map((unit, place) => [unit, place]));
  return x.units.map((unit) => places.get(unit) ?? -1);
}
