import { bug, ingest, LccError, tensorflow } from '../../../diagnostics/index.ts';
import type { GraphBuilder } from '../../../ir/build.ts';
import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { printType, type Tensor } from '../../../tensor/tensor.ts';
import { UnknownAtBuild, Unsupported } from '../../refusals.ts';
import { NodeAttributes } from '../attributes.ts';
import type { Twins } from '../image-emitter.ts';
import { Malformed } from '../json.ts';
import type { GraphNode, Port } from './graph-nodes.ts';
import { opImporters, refusedOps } from './index.ts';
import { OpNode } from './op-node.ts';

/** Imports the nodes of a GraphDef into a builder, collecting what lcc does not compile. */
export class NodeImporter {
  readonly unsupported: string[] = [];
  readonly unknown: string[] = [];
  readonly missing: string[] = [];
  readonly #builder: GraphBuilder;
  readonly #weights: ReadonlyMap<string, Tensor>;
  readonly #file: string | undefined;
  readonly #twins: Twins = new Map();
  /** outputs of each node; undefined: it could not be imported */
  readonly #results = new Map<string, readonly ValueId[] | undefined>();

  constructor(builder: GraphBuilder, weights: ReadonlyMap<string, Tensor>, file: string | undefined) {
    this.#builder = builder;
    this.#weights = weights;
    this.#file = file;
  }

  /** A placeholder's value. */
  define(node: string, value: ValueId): void {
    this.#results.set(node, [value]);
  }

  /** Imports nodes, each of which comes after those it reads. */
  importNodes(nodes: readonly GraphNode[]): void {
    for (const node of nodes) {
      if (!this.#results.has(node.name)) this.#results.set(node.name, this.#importNode(node));
    }
  }

  /** undefined: the node could not be imported. */
  valueOf({ node, output }: Port): ValueId | undefined {
    return this.#results.get(node)?.[output];
  }

  #importNode(node: GraphNode): readonly ValueId[] | undefined {
    if (node.op === 'Const') return this.#importConstant(node);
    const importer = opImporters.get(node.op);
    if (importer === undefined) {
      const reason = refusedOps.get(node.op);
      this.unsupported.push(reason === undefined ? describe(node) : `${describe(node)}: ${reason}`);
      return undefined;
    }
    const inputs = this.#inputsOf(node);
    if (inputs === undefined) return undefined;
    const first = this.#builder.nextId;
    try {
      const facts = {
        op: node.op,
        name: node.name,
        attributes: new NodeAttributes(node.fields),
        inputs,
        inputNames: node.inputs.map((port) => port.node),
      };
      const results = importer(new OpNode(facts, this.#builder, this.#twins));
      const list = typeof results === 'number' ? [results] : results;
      list.forEach((id, i) => {
        this.#nameResult(id, i === 0 ? node.name : `${node.name}:${i}`, first);
      });
      return list;
    } catch (error) {
      this.#refuse(error, node, inputs);
      return undefined;
    }
  }

  /** undefined where one could not be imported; a node may lack an output that another reads. */
  #inputsOf(node: GraphNode): ValueId[] | undefined {
    const inputs: ValueId[] = [];
    for (const port of node.inputs) {
      const results = this.#results.get(port.node);
      if (results === undefined) return undefined;
      const id = results[port.output];
      if (id === undefined) {
        this.unsupported.push(`${describe(node)}: it reads output ${port.output} of "${port.node}"`);
        return undefined;
      }
      inputs.push(id);
    }
    return inputs;
  }

  #importConstant(node: GraphNode): readonly ValueId[] | undefined {
    const tensor = this.#weights.get(node.name);
    if (tensor !== undefined) return [this.#builder.constant(tensor, node.name)];
    const type = new NodeAttributes(node.fields).type('dtype');
    if (type === 'DT_STRING') this.unsupported.push(`${describe(node)}: it holds text`);
    else this.missing.push(describe(node));
    return undefined;
  }

  /** What lcc cannot do is collected, what does not fit is thrown with its place. */
  #refuse(error: unknown, node: GraphNode, inputs: readonly ValueId[]): void {
    const place = { file: this.#file, node: node.name, op: node.op };
    if (error instanceof Unsupported) this.unsupported.push(`${describe(node)}: ${error.message}`);
    else if (error instanceof UnknownAtBuild) this.unknown.push(`${describe(node)}: ${error.message}`);
    else if (error instanceof Malformed) throw tensorflow.invalidTopology(place, error.message);
    else if (error instanceof OpError) {
      const types = inputs.map((id) => `input "${this.#builder.nameOf(id)}" is ${printType(this.#builder.type(id))}`);
      throw ingest.refusedNode(place, error.message, types);
    } else if (error instanceof LccError) throw error;
    else throw bug(`importing ${describe(node)} failed`, error);
  }

  /** The form with the channels first is the one that stays. */
  #nameResult(result: ValueId, name: string, first: ValueId): void {
    const value = this.#twins.get(result) ?? result;
    if (value >= first) this.#builder.rename(value, name);
  }
}

const describe = (node: GraphNode): string => `node "${node.name}" (${node.op})`;
