import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Graph, Node, ValueId } from '../../../compiler/ir/graph.ts';
import { dim } from '../../../compiler/tensor/shape.ts';

/** The graph for n inputs at once, by the contract of MakeModel: dimension 0 of what depends on an input is the batch. */
export function batched(graph: Graph, n: number): Graph {
  const builder = new GraphBuilder(graph.name);
  const ids = new Map<ValueId, ValueId>();
  const withBatch = new Set<ValueId>(graph.inputs);
  for (const id of graph.inputs) {
    const { name, type } = graph.values.get(id)!;
    ids.set(id, builder.input(name, { ...type, shape: [dim(n), ...type.shape.slice(1)] }));
  }
  for (const [id, tensor] of graph.constants) ids.set(id, builder.constant(tensor, graph.values.get(id)!.name));
  for (const node of graph.nodes) {
    const depends = node.inputs.some((id) => withBatch.has(id));
    const inputs = node.inputs.map((id) => ids.get(id)!);
    const outputs = builder.addAll(node.op, inputs, depends ? attributesFor(node, n) : node.attributes, node.name);
    node.outputs.forEach((id, i) => {
      ids.set(id, outputs[i]!);
      if (depends) withBatch.add(id);
    });
  }
  for (const { name, value } of graph.outputs) builder.output(name, ids.get(value)!);
  return builder.build();
}

function attributesFor({ op, attributes }: Node, n: number): Node['attributes'] {
  const { shape } = attributes;
  return op === 'reshape' && Array.isArray(shape) ? { shape: [n * shape[0], ...shape.slice(1)] } : attributes;
}
