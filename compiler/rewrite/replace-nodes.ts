import type { Graph, ValueId } from '../ir/graph.ts';
import { verifyGraph } from '../ir/verify.ts';
import { type Rule, rebuild } from './rebuild.ts';

export interface Replaced {
  readonly graph: Graph;
  /** those whose rule answered */
  readonly values: ReadonlySet<ValueId>;
}

/** Computes each of these values, the first outputs of their nodes, by its own rule. */
export function replaceNodes(graph: Graph, rules: ReadonlyMap<ValueId, Rule>): Replaced {
  const values = new Set<ValueId>();
  const rule: Rule = (visit, rewriter) => {
    const [y] = visit.node.outputs;
    const answer = y === undefined ? undefined : rules.get(y)?.(visit, rewriter);
    if (answer && y !== undefined) values.add(y);
    return answer;
  };
  const { graph: next } = rebuild(graph, [rule]);
  return { graph: verifyGraph(next), values };
}
