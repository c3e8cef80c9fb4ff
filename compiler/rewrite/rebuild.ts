import { createHash } from 'node:crypto';
import { bug } from '../diagnostics/index.ts';
import { type Fold, GraphBuilder } from '../ir/build.ts';
import { countReaders } from '../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import type { Attributes, OpName } from '../ops/index.ts';
import { OpError } from '../ops/op.ts';
import { sizesOf } from '../tensor/shape.ts';
import { printType, type Tensor, type TensorType } from '../tensor/tensor.ts';

/** A node being copied: its inputs are values of the new graph, its outputs still those of the old one. */
export interface Visit {
  readonly node: Node;
  readonly inputs: readonly ValueId[];
}

/** What a rule sees of the new graph, and how it adds to it. */
export interface Rewriter {
  add(op: OpName, inputs: readonly ValueId[], attributes?: Attributes, name?: string): ValueId;
  constant(tensor: Tensor, name?: string): ValueId;
  nameOf(id: ValueId): string;
  typeOf(id: ValueId): TensorType;
  /** The tensor of a value known at build time. */
  known(id: ValueId): Tensor | undefined;
  /** The node that computes a value; undefined for inputs and constants. */
  producer(id: ValueId): Node | undefined;
  /** How many nodes and outputs of the old graph read the value that this one stands for. */
  uses(id: ValueId): number;
}

/**
 * New outputs for a node, or undefined to copy it as it is. An answer of other types than the node's outputs, or one
 * that an op refuses (OpError), counts as none: the pattern did not fit after all.
 */
export type Rule = (visit: Visit, rewriter: Rewriter) => readonly ValueId[] | undefined;

export interface Rewritten {
  readonly graph: Graph;
  /** how often a rule fired, a node folded or was shared */
  readonly changes: number;
}

export interface RebuildOptions {
  /** computes nodes whose inputs are all constant; each one counts as a change */
  readonly fold?: Fold;
  /** equal nodes (op, attributes, inputs) are added once; each one saved counts as a change */
  readonly share?: boolean;
}

/**
 * Copies a graph node by node, letting the first rule that answers replace each. Rules look backwards, at what has
 * been copied already. Nodes that nothing reads afterwards are dropped; names of values are kept.
 */
export function rebuild(graph: Graph, rules: readonly Rule[], options: RebuildOptions = {}): Rewritten {
  const copier = new Copier(graph, options);
  for (const node of graph.nodes) {
    const visit = { node, inputs: node.inputs.map((id) => copier.mapped(id)) };
    const replaced = firstAnswer(rules, visit, copier);
    if (replaced) copier.changes++;
    copier.map(node, replaced ?? copier.copy(visit));
  }
  return { graph: dropUnused(copier.finish()), changes: copier.changes };
}

function firstAnswer(rules: readonly Rule[], visit: Visit, copier: Copier): readonly ValueId[] | undefined {
  for (const rule of rules) {
    const outputs = answer(rule, visit, copier);
    if (outputs && copier.fits(visit.node, outputs)) return outputs;
  }
  return undefined;
}

function answer(rule: Rule, visit: Visit, copier: Copier): readonly ValueId[] | undefined {
  try {
    return rule(visit, copier);
  } catch (error) {
    if (error instanceof OpError) return undefined;
    throw error;
  }
}

class Copier implements Rewriter {
  changes = 0;
  readonly #graph: Graph;
  readonly #builder: GraphBuilder;
  readonly #newIds = new Map<ValueId, ValueId>();
  readonly #producers = new Map<ValueId, Node>();
  readonly #oldUses: ReadonlyMap<ValueId, number>;
  readonly #uses = new Map<ValueId, number>();
  readonly #shared: SharedNodes | undefined;

  constructor(graph: Graph, options: RebuildOptions) {
    this.#graph = graph;
    this.#builder = new GraphBuilder(graph.name, options.fold);
    this.#shared = options.share ? new SharedNodes() : undefined;
    this.#oldUses = countReaders(graph);
    for (const id of graph.inputs) {
      const value = requireValue(graph, id);
      this.#define(id, this.#builder.input(value.name, value.type));
    }
    for (const [id, tensor] of graph.constants)
      this.#define(id, this.#builder.constant(tensor, requireValue(graph, id).name));
  }

  add(op: OpName, inputs: readonly ValueId[], attributes: Attributes = {}, name: string = op): ValueId {
    const [output, ...rest] = this.addAll(op, inputs, attributes, name);
    if (output === undefined || rest.length > 0) throw bug(`${op} has more than one output`);
    return output;
  }

  addAll(op: OpName, inputs: readonly ValueId[], attributes: Attributes, name: string): readonly ValueId[] {
    const key = this.#shared?.keyOf(op, attributes, inputs, (id) => this.known(id));
    const earlier = key === undefined ? undefined : this.#shared?.nodes.get(key);
    if (earlier) {
      this.changes++;
      return earlier;
    }
    const outputs = this.#builder.addAll(op, inputs, attributes, name);
    if (key !== undefined) this.#shared?.nodes.set(key, outputs);
    for (const id of outputs) {
      if (this.#builder.known(id) === undefined) this.#producers.set(id, { op, name, attributes, inputs, outputs });
    }
    return outputs;
  }

  copy({ node, inputs }: Visit): readonly ValueId[] {
    const outputs = this.addAll(node.op, inputs, node.attributes, node.name);
    if (outputs.every((id) => this.known(id) !== undefined)) this.changes++;
    return outputs;
  }

  constant(tensor: Tensor, name?: string): ValueId {
    return this.#builder.constant(tensor, name);
  }

  nameOf(id: ValueId): string {
    return this.#builder.nameOf(id);
  }

  typeOf(id: ValueId): TensorType {
    return this.#builder.type(id);
  }

  known(id: ValueId): Tensor | undefined {
    return this.#builder.known(id);
  }

  producer(id: ValueId): Node | undefined {
    return this.#producers.get(id);
  }

  uses(id: ValueId): number {
    return this.#uses.get(id) ?? 1;
  }

  /** True when the values have the types of the old node's outputs. */
  fits(node: Node, outputs: readonly ValueId[]): boolean {
    return node.outputs.every((old, i) => {
      const id = outputs[i];
      return id !== undefined && printType(this.typeOf(id)) === printType(requireValue(this.#graph, old).type);
    });
  }

  mapped(old: ValueId): ValueId {
    const id = this.#newIds.get(old);
    if (id === undefined) throw bug(`value ${old} is read before it is computed`);
    return id;
  }

  map(node: Node, outputs: readonly ValueId[]): void {
    node.outputs.forEach((old, i) => {
      const id = outputs[i];
      if (id === undefined) throw bug(`a rule left out output ${i} of ${node.name}`);
      if (this.#producers.get(id)?.outputs.includes(id) && !this.#uses.has(id))
        this.#builder.rename(id, requireValue(this.#graph, old).name);
      this.#define(old, id);
    });
  }

  finish(): Graph {
    for (const { name, value } of this.#graph.outputs) this.#builder.output(name, this.mapped(value));
    return this.#builder.build();
  }

  #define(old: ValueId, id: ValueId): void {
    this.#newIds.set(old, id);
    this.#uses.set(id, (this.#uses.get(id) ?? 0) + (this.#oldUses.get(old) ?? 0));
  }
}

/** Nodes by what they compute; constants of equal bytes count as one input. */
class SharedNodes {
  readonly nodes = new Map<string, readonly ValueId[]>();
  readonly #constants = new Map<Tensor, string>();

  keyOf(
    op: OpName,
    attributes: Attributes,
    inputs: readonly ValueId[],
    known: (id: ValueId) => Tensor | undefined,
  ): string {
    const ids = inputs.map((id) => {
      const tensor = known(id);
      return tensor === undefined ? String(id) : this.#keyOfConstant(tensor);
    });
    return JSON.stringify([op, Object.entries(attributes).sort(), ids], exactly);
  }

  #keyOfConstant(tensor: Tensor): string {
    const found = this.#constants.get(tensor);
    if (found !== undefined) return found;
    const bytes = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const key = `${tensor.dtype} ${sizesOf(tensor.shape).join()} ${hash}`;
    this.#constants.set(tensor, key);
    return key;
  }
}

/** JSON writes infinities and NaN as null, and -0 as 0. */
const exactly = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? { number: Object.is(value, -0) ? '-0' : String(value) }
    : value;

function requireValue(graph: Graph, id: ValueId): { readonly name: string; readonly type: TensorType } {
  const value = graph.values.get(id);
  if (value === undefined) throw bug(`value ${id} is not of this graph`);
  return value;
}

/** Without the nodes and constants that no output depends on. Inputs stay: they are the model's interface. */
export function dropUnused(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((o) => o.value));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((id) => needed.has(id))) continue;
    nodes.unshift(node);
    for (const id of node.inputs) needed.add(id);
  }
  const kept = new Set([...needed, ...graph.inputs, ...nodes.flatMap((node) => node.outputs)]);
  return {
    ...graph,
    nodes,
    values: new Map([...graph.values].filter(([id]) => kept.has(id))),
    constants: new Map([...graph.constants].filter(([id]) => kept.has(id))),
  };
}
