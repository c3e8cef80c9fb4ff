import { bug } from '../diagnostics/index.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { type Matrix, makeMatrix } from '../linalg/matrix.ts';
import { type ChannelGroup, prefixOrder, seenUnits, type UnitReader } from './channel-groups.ts';
import { cutReader, makeNarrower } from './cut-width.ts';
import type { Rule } from './rebuild.ts';
import { replaceNodes } from './replace-nodes.ts';

/** The first `width` units of a group, in prefix order, each worth `scale` times what it was to those that read it. */
export interface Prefix {
  readonly group: ChannelGroup;
  readonly width: number;
  readonly scale: number;
}

/**
 * The graph with these groups cut to their first units; nothing stands for the others. Columns of readers, rows of writers,
 * and norms and filters between go with their units.
 */
export function cutPrefixes(graph: Graph, prefixes: readonly Prefix[]): Graph {
  const narrow = makeNarrower();
  const cut = prefixes.filter(({ group, width, scale }) => width < group.width || scale !== 1);
  const rules = cut.flatMap(({ group, width, scale }): [ValueId, Rule][] => {
    const kept = new Set(prefixOrder(group).slice(0, width));
    return group.readers.map((reader) => {
      const channels = { axis: reader.x.axis, units: seenUnits(reader) };
      return [reader.layer.y, cutReader(channels, () => keep(reader, kept, scale), narrow)];
    });
  });
  const { graph: next, values } = replaceNodes(graph, new Map(rules));
  if (values.size !== rules.length) throw bug(`${rules.length - values.size} of ${rules.length} layers were not cut`);
  return next;
}

/** Fewer units would leave a reader of the group without any. */
export function leastWidth(group: ChannelGroup): number {
  const places = placesOf(group);
  return Math.max(...group.readers.map(({ seen }) => Math.min(...seen.units.map((unit) => places[unit] ?? 0)) + 1));
}

/** The place of each unit in prefix order. */
export function placesOf(group: ChannelGroup): number[] {
  const places = new Array<number>(group.width);
  prefixOrder(group).forEach((unit, place) => {
    places[unit] = place;
  });
  return places;
}

/** `mix` [units seen, kept] has `scale` where a unit stands for itself. */
function keep({ seen: { units } }: UnitReader, isKept: ReadonlySet<number>, scale: number) {
  const kept = units.flatMap((unit, place) => (isKept.has(unit) ? [place] : []));
  const mix: Matrix = makeMatrix(units.length, kept.length);
  kept.forEach((place, column) => {
    mix.data[place * kept.length + column] = scale;
  });
  return { kept, mix, shift: new Float64Array(units.length) };
}
