import { createHash } from 'node:crypto';
import type { Graph } from '../ir/graph.ts';

/** A graph that is made when it is first asked for. */
export interface Draft {
  /** how it came about: of drafts from one original, equal keys are equal graphs */
  readonly key: string;
  graph(): Graph;
}

/** The key of what `decision` makes of a draft. */
export const keyAfter = (key: string, decision: string): string =>
  createHash('sha256').update(`${key}: ${decision}`).digest('hex').slice(0, 32);

const originals = new WeakMap<Graph, Draft>();

/** A graph that is there already; the same draft for the same graph. */
export function draftOf(graph: Graph): Draft {
  const draft = originals.get(graph) ?? { key: '', graph: () => graph };
  originals.set(graph, draft);
  return draft;
}
