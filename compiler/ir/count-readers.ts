import type { Graph, ValueId } from './graph.ts';

/** How many nodes and outputs read each value. */
export function countReaders(graph: Graph): Map<ValueId, number> {
  const readers = new Map<ValueId, number>();
  const reads = [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.map(({ value }) => value)];
  for (const id of reads) readers.set(id, (readers.get(id) ?? 0) + 1);
  return readers;
}
