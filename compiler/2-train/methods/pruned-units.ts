import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { type ChannelGroup, findChannelGroups } from '../../rewrite/channel-groups.ts';
import { elementCount, shapeOf } from '../../tensor/shape.ts';
import type { Parameters } from '../parameters.ts';
import { rolesOf } from '../roles.ts';

/** Units that can only be pruned together with all that makes and reads them. */
export interface PrunedUnits {
  /** of the first layer that reads them */
  readonly name: string;
  readonly width: number;
  /** weights [N, C, taps...] by name; the unit of each of their C channels */
  readonly readers: readonly UnitsOf[];
  /** weights [N, ...], or scales [N] of batch normalisations, by name; the unit of each of their N rows */
  readonly writers: readonly UnitsOf[];
}

interface UnitsOf {
  readonly weights: string;
  readonly units: readonly number[];
}

/** Groups of a graph that begin with linear layers (`units`), with convolutions (`channels`), or with either. */
export function findPrunedUnits(graph: Graph, structured: 'units' | 'channels' | undefined): PrunedUnits[] {
  const wanted = structured === 'units' ? 'linear' : 'conv';
  const isWanted = ({ width, writers }: ChannelGroup): boolean =>
    width > 1 && (structured === undefined || writers.every(({ node }) => node.op === wanted));
  const roles = rolesOf(graph);
  const learnt = new Set([...roles].flatMap(([id, { kind }]) => (kind === 'learnt' ? [nameOf(graph, id)] : [])));
  return findChannelGroups(graph)
    .groups.filter(isWanted)
    .map(({ width, writers, readers }) => ({
      name: readers[0]?.layer.name ?? '',
      width,
      readers: readers.map(({ layer, x }) => ({ weights: nameAt(graph, layer.node, 1), units: x.units })),
      writers: writers.map(({ node, units }) => ({ weights: sizedBy(graph, node), units })),
    }))
    .filter(({ readers, writers }) => [...readers, ...writers].every(({ weights }) => learnt.has(weights)));
}

/** What the size of a layer's output follows: the scale of a batch normalisation behind it, or its weights. */
function sizedBy(graph: Graph, layer: Node): string {
  const norm = graph.nodes.find(({ op, inputs }) => op === 'batchNorm' && inputs[0] === layer.outputs[0]);
  return nameAt(graph, norm ?? layer, 1);
}

const nameAt = (graph: Graph, { inputs }: Node, place: number): string => nameOf(graph, inputs[place] ?? -1);

const nameOf = (graph: Graph, id: ValueId): string => graph.values.get(id)?.name ?? '';

/** All units but the share of them that is least important; for each reader at least one that it sees. */
export function keptUnits(group: PrunedUnits, parameters: Parameters, share: number): ReadonlySet<number> {
  const order = rankUnits(group, parameters);
  const places = new Map(order.map((unit, place) => [unit, place]));
  const placeOf = (unit: number): number => places.get(unit) ?? 0;
  const needed = group.readers.map(({ units }) => units.reduce((a, b) => (placeOf(b) < placeOf(a) ? b : a)));
  return new Set([...order.slice(0, group.width - Math.round(share * group.width)), ...needed]);
}

/** Units from the most to the least important. */
function rankUnits({ width, readers, writers }: PrunedUnits, parameters: Parameters): number[] {
  const read = new Float64Array(width);
  for (const { weights, units } of readers) addSquares(parameters, weights, 1, units, read);
  const made = new Float64Array(width);
  for (const { weights, units } of writers) addSquares(parameters, weights, 0, units, made);
  const importance = read.map((sum, unit) => sum * (made[unit] ?? 0));
  return Array.from(importance.keys()).sort((a, b) => (importance[b] ?? 0) - (importance[a] ?? 0) || a - b);
}

/** Adds the squares of a parameter's elements to the unit of their place along one axis. */
function addSquares(
  parameters: Parameters,
  name: string,
  axis: number,
  units: readonly number[],
  sums: Float64Array,
): void {
  const { values, shape } = parameters.named(name);
  const run = elementCount(shapeOf(shape.slice(axis + 1)));
  values.forEach((value, i) => {
    const unit = units[Math.floor(i / run) % units.length] ?? 0;
    sums[unit] = (sums[unit] ?? 0) + value * value;
  });
}

/** 1 at the channels of kept units. */
export const maskOf = (units: readonly number[], kept: ReadonlySet<number>): Float32Array =>
  Float32Array.from(units, (unit) => (kept.has(unit) ? 1 : 0));
