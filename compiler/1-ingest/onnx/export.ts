import { bug } from '../../diagnostics/index.ts';
import type { Graph, Node, Value, ValueId } from '../../ir/graph.ts';
import { sizesOf } from '../../tensor/shape.ts';
import type { TensorType } from '../../tensor/tensor.ts';
import { ExportedNode } from './exported-node.ts';
import { exporters } from './exporters/index.ts';
import { Names } from './names.ts';
import { identity } from './term.ts';
import { TermWriter } from './term-writer.ts';
import { type WrittenPort, writeOnnx } from './write.ts';

export interface ExportOptions {
  /** texts to keep with the model (metadata_props) */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Every exporter writes operators as they are in this version. */
const opset = 21;

/**
 * The graph as an ONNX model of standard operators. Shapes are fixed; inputs and outputs keep their names, other values
 * theirs as far as those are free; stored constants are written as the floats that they stand for. Equal graphs give equal
 * bytes. What ONNX leaves undefined (indices outside, integer division by zero) stays so.
 * @throws LccError LCC9001 for a graph that no ONNX model can stand for: public names that clash, an LpPool of fractional p
 */
export function exportOnnx(graph: Graph, options: ExportOptions = {}): Uint8Array {
  const names = nameValues(graph);
  const writer = new TermWriter(names.taken, new Names(), names.of);
  for (const node of graph.nodes) exportNode(graph, node, writer, names.of);
  for (const { name, value } of graph.outputs) {
    if (names.of(value) !== name) writer.write(identity({ kind: 'value', id: value }), name, name);
  }
  const constants = [...graph.constants].map(([id, tensor]) => [names.of(id), tensor] as const);
  return writeOnnx({
    opset,
    name: graph.name || 'graph',
    inputs: graph.inputs.map((id) => port(names.of(id), findValue(graph, id).type)),
    outputs: graph.outputs.map(({ name, value }) => port(name, findValue(graph, value).type)),
    nodes: writer.nodes,
    initializers: Object.fromEntries([...constants, ...writer.initializers]),
    metadata: options.metadata ?? {},
  });
}

interface ValueNames {
  readonly taken: Names;
  readonly of: (id: ValueId) => string;
}

/** Inputs come first, then the values that outputs can name directly, then all others. */
function nameValues(graph: Graph): ValueNames {
  const taken = new Names();
  const names = new Map<ValueId, string>();
  for (const id of graph.inputs) {
    const { name } = findValue(graph, id);
    if (!taken.take(name)) throw bug(`the input name "${name}" is empty or taken`);
    names.set(id, name);
  }
  for (const { name, value } of graph.outputs) {
    if (names.get(value) === name) continue;
    if (!taken.take(name)) throw bug(`the output name "${name}" is empty or taken`);
    if (!names.has(value) && !graph.constants.has(value)) names.set(value, name);
  }
  for (const { id, name } of graph.values.values()) if (!names.has(id)) names.set(id, taken.make(name, `value_${id}`));
  return { taken, of: (id) => names.get(id) ?? findValue(graph, id).name };
}

function exportNode(graph: Graph, node: Node, writer: TermWriter, nameOf: (id: ValueId) => string): void {
  const [output, ...rest] = node.outputs;
  if (output === undefined || rest.length > 0) throw bug(`${node.op} has ${node.outputs.length} outputs, not 1`);
  const operands = node.inputs.map((id) => ({
    term: { kind: 'value', id } as const,
    type: findValue(graph, id).type,
    known: graph.constants.get(id),
  }));
  const view = new ExportedNode(node.op, operands, findValue(graph, output).type, node.attributes);
  writer.write(exporters[node.op](view), node.name, nameOf(output));
}

function findValue(graph: Graph, id: ValueId): Value {
  const value = graph.values.get(id);
  if (value === undefined) throw bug(`value ${id} is not of this graph`);
  return value;
}

const port = (name: string, { dtype, shape }: TensorType): WrittenPort => ({ name, dtype, shape: sizesOf(shape) });
