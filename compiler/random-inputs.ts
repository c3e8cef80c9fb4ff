import { makeFeeds } from './5-emit/parity/make-feeds.ts';
import type { Graph } from './ir/graph.ts';
import type { Feeds } from './ir/trial.ts';

/** Feeds of a graph from the seeds 1 to `count`: the same for every run, and those that parity uses. */
export const randomInputs = (graph: Graph, count: number): Feeds[] =>
  Array.from({ length: count }, (_, i) =>
    Object.fromEntries([...makeFeeds(graph, i + 1)].map(([name, { data }]) => [name, data])),
  );
