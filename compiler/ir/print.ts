import type { AttributeValue } from '../ops/op.ts';
import { elementCount } from '../tensor/shape.ts';
import { printType, type Tensor } from '../tensor/tensor.ts';
import type { Graph, Node, ValueId } from './graph.ts';

const shownElements = 8;

/**
 * A graph as text, one line per input, constant, node and output:
 *     %3 = relu(%2) float32[1,8]  # "fc1/Relu"
 */
export function printGraph(graph: Graph): string {
  const type = (id: ValueId) => {
    const value = graph.values.get(id);
    return value === undefined ? '?' : printType(value.type);
  };
  const name = (id: ValueId) => graph.values.get(id)?.name ?? '?';
  const node = (n: Node) => {
    const results = n.outputs.map((id) => `%${id}`).join(', ');
    const operands = [...n.inputs.map((id) => `%${id}`), ...printAttributes(n.attributes)].join(', ');
    return `  ${results} = ${n.op}(${operands}) ${n.outputs.map(type).join(', ')}  # "${n.name}"`;
  };
  return [
    `graph "${graph.name}"`,
    ...graph.inputs.map((id) => `  %${id} = input "${name(id)}" ${type(id)}`),
    ...[...graph.constants].map(([id, t]) => `  %${id} = constant "${name(id)}" ${type(id)}${printElements(t)}`),
    ...graph.nodes.map(node),
    ...graph.outputs.map((o) => `  output "${o.name}" = %${o.value} ${type(o.value)}`),
    '',
  ].join('\n');
}

const printAttributes = (attributes: Readonly<Record<string, AttributeValue>>): string[] =>
  Object.keys(attributes)
    .sort()
    .map((name) => `${name}=${printAttribute(attributes[name])}`);

function printAttribute(value: AttributeValue | undefined): string {
  if (typeof value === 'object') return `[${value.join(',')}]`;
  return typeof value === 'string' ? value : String(value);
}

/** The elements of a tensor small enough to be read: ` {1, 2}`. float16 and bfloat16 show their bits. */
function printElements(tensor: Tensor): string {
  if (elementCount(tensor.shape) > shownElements) return '';
  return ` {${Array.from(tensor.data, String).join(', ')}}`;
}
