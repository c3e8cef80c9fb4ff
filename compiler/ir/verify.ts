import { bug } from '../diagnostics/index.ts';
import { ops } from '../ops/index.ts';
import { sameShape } from '../tensor/shape.ts';
import { printType, type TensorType } from '../tensor/tensor.ts';
import type { Graph, Node, ValueId } from './graph.ts';

/**
 * Checks what every stage may rely on: each value is defined once and before its use, has the type its op infers,
 * constants hold their type, outputs exist under different names. Anything else is a bug of the stage before (LCC9001).
 */
export function verifyGraph(graph: Graph): Graph {
  const defined = new Set<ValueId>();
  const define = (id: ValueId, by: string) => {
    if (!graph.values.has(id)) throw bug(`${by} defines value ${id}, which the graph does not list`);
    if (defined.has(id)) throw bug(`${by} defines value "${nameOf(graph, id)}" a second time`);
    defined.add(id);
  };
  for (const id of graph.inputs) define(id, 'the input list');
  for (const [id, tensor] of graph.constants) {
    define(id, 'the constant table');
    requireType(graph, id, tensor, 'the constant table');
  }
  for (const node of graph.nodes) {
    for (const id of node.inputs) {
      if (!defined.has(id)) throw bug(`${describe(node)} reads value "${nameOf(graph, id)}" before it is defined`);
    }
    for (const id of node.outputs) define(id, describe(node));
    verifyTypes(graph, node);
  }
  const names = new Set<string>();
  for (const { name, value } of graph.outputs) {
    if (!defined.has(value)) throw bug(`output "${name}" is value ${value}, which nothing defines`);
    if (names.has(name)) throw bug(`two outputs are named "${name}"`);
    names.add(name);
  }
  for (const id of graph.values.keys()) {
    if (!defined.has(id)) throw bug(`value "${nameOf(graph, id)}" is listed but nothing defines it`);
  }
  return graph;
}

function verifyTypes(graph: Graph, node: Node): void {
  const types = node.inputs.map((id) => graph.values.get(id)?.type).filter((type) => type !== undefined);
  let inferred: TensorType[];
  try {
    inferred = ops[node.op].infer(types, node.attributes);
  } catch (cause) {
    throw bug(`${describe(node)}: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  if (inferred.length !== node.outputs.length) {
    throw bug(`${describe(node)} has ${node.outputs.length} outputs, its op makes ${inferred.length}`);
  }
  node.outputs.forEach((id, i) => {
    const type = inferred[i];
    if (type !== undefined) requireType(graph, id, type, describe(node));
  });
}

function requireType(graph: Graph, id: ValueId, type: TensorType, by: string): void {
  const listed = graph.values.get(id)?.type;
  if (listed === undefined || listed.dtype !== type.dtype || !sameShape(listed.shape, type.shape)) {
    const found = listed === undefined ? 'nothing' : printType(listed);
    throw bug(`${by} makes "${nameOf(graph, id)}" a ${printType(type)}, the graph lists ${found}`);
  }
}

const nameOf = (graph: Graph, id: ValueId): string => graph.values.get(id)?.name ?? `#${id}`;
const describe = (node: Node): string => `node "${node.name}" (${node.op})`;
