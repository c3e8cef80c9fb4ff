import type { Graph } from './graph.ts';

/** Elements of all float32 constants. */
export const countParameters = (graph: Graph): number =>
  [...graph.constants.values()].reduce((sum, { data, dtype }) => sum + (dtype === 'float32' ? data.length : 0), 0);
