import type { Graph, ValueId } from '../ir/graph.ts';
import { makeMatrix } from '../linalg/matrix.ts';
import { type ChannelGroup, findChannelGroups, type UnitReader } from './channel-groups.ts';
import { columnsByUnit, cutReader, makeNarrower, type Refit } from './cut-width.ts';
import type { Rule } from './rebuild.ts';
import { replaceNodes } from './replace-nodes.ts';

/**
 * Removes hidden units and channels that every reader has only zeros for, with all that makes and carries them: exact,
 * whatever their values are. One unit of each group stays, and of what each reader sees.
 */
export function cutUnreadUnits(graph: Graph): Graph {
  const tried = new Set<string>();
  let current = graph;
  for (;;) {
    const group = findChannelGroups(current).groups.find((one) => !tried.has(nameOf(one)) && unread(one).size > 0);
    if (!group) return current;
    tried.add(nameOf(group));
    current = cutGroup(current, group) ?? current;
  }
}

const nameOf = ({ readers }: ChannelGroup): string => readers.map(({ layer }) => layer.name).join();

/** Units whose columns are zero in all readers. */
function unread({ width, readers }: ChannelGroup): Set<number> {
  const isRead = new Array<boolean>(width).fill(false);
  for (const reader of readers) {
    const { rows, columns, data } = columnsByUnit(reader.layer.weights, placesOf(reader));
    for (let row = 0; row < rows; row++)
      for (let place = 0; place < columns; place++)
        if (data[row * columns + place] !== 0) isRead[reader.seen.units[place] ?? -1] = true;
  }
  const zeros = new Set(Array.from(isRead.keys()).filter((unit) => !isRead[unit]));
  for (const { seen } of readers) {
    const [first] = seen.units;
    if (first !== undefined && seen.units.every((unit) => zeros.has(unit))) zeros.delete(first);
  }
  return zeros;
}

/** Of each channel that a reader reads, the place of its unit among those that the reader sees. */
function placesOf({ x, seen }: UnitReader): number[] {
  const places = new Map(seen.units.map((unit, place) => [unit, place]));
  return x.units.map((unit) => places.get(unit) ?? -1);
}

/** undefined where one of the readers cannot be cut: the others would then get units of their own. */
function cutGroup(graph: Graph, group: ChannelGroup): Graph | undefined {
  const zeros = unread(group);
  const narrow = makeNarrower();
  const rules = new Map(
    group.readers.map((reader): [ValueId, Rule] => {
      const units = placesOf(reader);
      return [reader.layer.y, cutReader({ axis: reader.x.axis, units }, () => withoutUnits(reader, zeros), narrow)];
    }),
  );
  const { graph: cut, values } = replaceNodes(graph, rules);
  return values.size === rules.size ? cut : undefined;
}

/** The kept units as they are, nothing for the others. */
function withoutUnits({ seen: { units } }: UnitReader, zeros: ReadonlySet<number>): Refit {
  const kept = units.flatMap((unit, place) => (zeros.has(unit) ? [] : [place]));
  const mix = makeMatrix(units.length, kept.length);
  kept.forEach((place, q) => {
    mix.data[place * kept.length + q] = 1;
  });
  return { kept, mix, shift: new Float64Array(units.length) };
}
