import { ingest, tensorflow } from '../../../diagnostics/index.ts';
import type { DeclaredType } from '../../bind.ts';
import { NodeAttributes, parseShape } from '../attributes.ts';
import { dtypeOf, nameOfType } from '../element-type.ts';
import type { OpenModel } from '../ingest.ts';
import { type Fields, Malformed } from '../json.ts';
import type { TensorflowModel } from '../read-model.ts';
import { type GraphNode, orderFrom, type Port, parseNodes, parsePort } from './graph-nodes.ts';
import { NodeImporter } from './import-nodes.ts';

/** A public name and the port it stands for. */
interface NamedPort {
  readonly name: string;
  readonly port: Port;
}

interface GraphInput extends NamedPort {
  readonly type: DeclaredType;
}

/** A GraphDef, its inputs and outputs named by the signature, or else by their nodes. @throws Malformed */
export function openGraphModel({ topology, signature, weights }: TensorflowModel, file: string | undefined): OpenModel {
  const nodes = parseNodes(topology);
  const outputs = outputsOf(nodes, signature);
  const needed = orderFrom(
    outputs.map(({ port }) => port.node),
    nodes,
  );
  const inputs = inputsOf(nodes, signature, signature ? needed : [...nodes.values()], file);
  return {
    inputs: new Map(inputs.map(({ name, type }) => [name, type])),
    importInto(builder, values) {
      const importer = new NodeImporter(builder, weights, file);
      for (const { name, port } of inputs) {
        const value = values.get(name);
        if (value !== undefined) importer.define(port.node, value);
      }
      importer.importNodes(needed);
      if (importer.unsupported.length > 0) throw ingest.unsupportedOps(file, importer.unsupported);
      if (importer.unknown.length > 0) throw ingest.unknownShapes(file, importer.unknown);
      if (importer.missing.length > 0) throw tensorflow.missingWeights(file, importer.missing);
      return new Map(
        outputs.map(({ name, port }) => {
          const value = importer.valueOf(port);
          if (value === undefined) throw new Malformed(`node "${port.node}" has no output ${port.output}`);
          return [name, value];
        }),
      );
    },
  };
}

const isInput = (node: GraphNode): boolean => node.op === 'Placeholder';

/** Those of the signature, then the placeholders among `others` that it does not name. */
function inputsOf(
  nodes: ReadonlyMap<string, GraphNode>,
  signature: Fields | undefined,
  others: readonly GraphNode[],
  file: string | undefined,
): GraphInput[] {
  const named = signature?.has('inputs') ? portsOf(signature.fields('inputs')) : [];
  const unnamed = others.filter(isInput).filter(({ name }) => !named.some(({ port }) => port.node === name));
  const own = unnamed.map(({ name }) => ({ name, port: { node: name, output: 0 }, fields: undefined }));
  return [...named, ...own].map(({ name, port, fields }) => {
    const node = nodes.get(port.node);
    if (node === undefined) throw new Malformed(`input "${name}" is "${port.node}", which is no node`);
    return { name, port, type: requireType(name, declare(node, fields), file) };
  });
}

/** As the placeholder has it; a signature may know the shape better. */
function declare(node: GraphNode, fields: Fields | undefined): DeclaredType {
  const attributes = new NodeAttributes(node.fields);
  const given = fields?.value('dtype');
  const elementType =
    attributes.type('dtype') ??
    (typeof given === 'string' || typeof given === 'number' ? nameOfType(given) : 'no type');
  const signed = fields?.has('tensorShape') ? parseShape(fields.fields('tensorShape')) : undefined;
  const [dims] = [signed, attributes.shape('shape')].filter((shape) => Array.isArray(shape));
  return { elementType, dtype: dtypeOf(elementType), dims };
}

function requireType(name: string, type: DeclaredType, file: string | undefined): DeclaredType {
  if (type.dtype !== undefined) return type;
  throw ingest.unsupportedElementType({ file }, `Input "${name}"`, type.elementType);
}

/** Nodes that no other reads are outputs, but for these. */
const sources = ['Const', 'NoOp', 'Placeholder'];

/** Without a signature, what no other node reads. */
function outputsOf(nodes: ReadonlyMap<string, GraphNode>, signature: Fields | undefined): NamedPort[] {
  const named = signature?.has('outputs') ? portsOf(signature.fields('outputs')) : [];
  if (named.length > 0) return named;
  const read = new Set([...nodes.values()].flatMap(({ inputs }) => inputs.map(({ node }) => node)));
  const last = [...nodes.values()].filter(({ name, op }) => !read.has(name) && !sources.includes(op));
  if (last.length === 0) throw new Malformed('modelTopology has no outputs');
  return last.map(({ name }) => ({ name, port: { node: name, output: 0 } }));
}

const portsOf = (list: Fields): (NamedPort & { readonly fields: Fields })[] =>
  list.names().map((name) => {
    const fields = list.fields(name);
    return { name, port: parsePort(fields.string('name')), fields };
  });
