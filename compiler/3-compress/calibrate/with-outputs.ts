import type { Graph, ValueId } from '../../ir/graph.ts';

/** Name that `withOutputs` gives the output of a value. */
export const outputNameOf = (id: ValueId): string => `value ${id}`;

/** The same graph with these values as its outputs. */
export const withOutputs = (graph: Graph, ids: readonly ValueId[]): Graph => ({
  ...graph,
  outputs: ids.map((value) => ({ name: outputNameOf(value), value })),
});
