import type { Graph } from '../ir/graph.ts';

/** Names that one value alone has: by these, plans and rules find values again after a rebuild. */
export function uniqueNames(graph: Graph): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { name } of graph.values.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Set([...counts].flatMap(([name, count]) => (count === 1 ? [name] : [])));
}
