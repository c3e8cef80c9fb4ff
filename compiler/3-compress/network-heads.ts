import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { ops } from '../ops/index.ts';

/**
 * Whether a layer's output is what the network answers: all that is made of it comes to the graph's outputs by softmax,
 * movement and element-wise functions of it and constants. Gates that meet a state, and sums of two layers, are no heads.
 */
export function networkHeadsOf(graph: Graph): (output: ValueId) => boolean {
  const readers = new Map<ValueId, Node[]>();
  for (const node of graph.nodes) for (const id of node.inputs) readers.set(id, [...(readers.get(id) ?? []), node]);
  const results = new Set(graph.outputs.map(({ value }) => value));
  return (output) => {
    const made = new Set([output]);
    const reading = new Set<Node>();
    for (const id of made) {
      const next = readers.get(id) ?? [];
      if (next.length === 0 && !results.has(id)) return false;
      for (const node of next) {
        if (!keepsAnswer(node)) return false;
        reading.add(node);
        for (const value of node.outputs) made.add(value);
      }
    }
    const isOwn = (id: ValueId): boolean => made.has(id) || graph.constants.has(id);
    return [...reading].every(({ op, inputs }) => op === 'concat' || inputs.every(isOwn));
  };
}

const keepsAnswer = ({ op }: Node): boolean =>
  op === 'softmax' || op === 'logSoftmax' || ops[op].class === 'elementwise' || ops[op].class === 'movement';
