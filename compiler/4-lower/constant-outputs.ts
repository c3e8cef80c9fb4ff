import type { Graph, Node, Value, ValueId } from '../ir/graph.ts';

/** Outputs that are constants as copies of them, since a run writes every output into the arena. */
export function computeConstantOutputs(graph: Graph): Graph {
  const values = new Map(graph.values);
  const copies = new Map<ValueId, ValueId>();
  const nodes: Node[] = [];
  const copyOf = (id: ValueId, value: Value): ValueId => {
    const known = copies.get(id);
    if (known !== undefined) return known;
    const copy = Math.max(...values.keys()) + 1;
    values.set(copy, { ...value, id: copy });
    nodes.push({ op: 'identity', name: value.name, attributes: {}, inputs: [id], outputs: [copy] });
    copies.set(id, copy);
    return copy;
  };
  const outputs = graph.outputs.map(({ name, value: id }) => {
    const value = graph.values.get(id);
    return { name, value: value && graph.constants.has(id) ? copyOf(id, value) : id };
  });
  return copies.size === 0 ? graph : { ...graph, values, outputs, nodes: [...graph.nodes, ...nodes] };
}
