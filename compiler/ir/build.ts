import { bug } from '../diagnostics/index.ts';
import { type Attributes, type OpName, ops } from '../ops/index.ts';
import { OpError } from '../ops/op.ts';
import { byteSize, printType, type Tensor, type TensorType } from '../tensor/tensor.ts';
import type { Graph, Node, Value, ValueId } from './graph.ts';

/** Computes a node whose inputs are all known. */
export type Fold = (op: OpName, attributes: Attributes, inputs: readonly Tensor[]) => Tensor[];

/** No tensor may be larger: 2^31 - 1 bytes. */
const maxTensorBytes = 2 ** 31 - 1;

/** Larger results stay nodes: a bundle is better off computing them. */
const maxFoldedBytes = 2 ** 28;

/** So do copies (Expand, Tile, Gather) that take this much more than what they copy. */
const maxGrowthBytes = 2 ** 16;

/**
 * Builds a graph node by node, inferring types as it goes; OpError where an op refuses its inputs.
 * With `fold`, a node of constants becomes constants at once, unless they take more than 256 MiB, or are copies that
 * take 64 KiB more than what they copy.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #fold: Fold | undefined;
  readonly #values = new Map<ValueId, Value>();
  readonly #constants = new Map<ValueId, Tensor>();
  readonly #inputs: ValueId[] = [];
  readonly #outputs: { name: string; value: ValueId }[] = [];
  readonly #nodes: Node[] = [];
  readonly #producers = new Map<ValueId, Node>();

  constructor(name: string, fold?: Fold) {
    this.#name = name;
    this.#fold = fold;
  }

  /** The id the next value gets: ids below it exist already. */
  get nextId(): ValueId {
    return this.#values.size;
  }

  input(name: string, type: TensorType): ValueId {
    const id = this.#define(name, type);
    this.#inputs.push(id);
    return id;
  }

  constant(tensor: Tensor, name = `constant_${this.nextId}`): ValueId {
    const id = this.#define(name, { dtype: tensor.dtype, shape: tensor.shape });
    this.#constants.set(id, tensor);
    return id;
  }

  /** Adds a node and returns all its outputs. `name` is the node's; outputs are named after it. */
  addAll(op: OpName, inputs: readonly ValueId[], attributes: Attributes = {}, name: string = op): ValueId[] {
    const types = ops[op].infer(
      inputs.map((id) => this.type(id)),
      attributes,
    );
    const known = inputs.map((id) => this.#constants.get(id)).filter((tensor) => tensor !== undefined);
    for (const type of types) requireStorable(type);
    if (this.#fold !== undefined && known.length === inputs.length && isSmall(op, known, types)) {
      return this.#fold(op, attributes, known).map((tensor) => this.constant(tensor, `${name}_${this.nextId}`));
    }
    const outputs = types.map((type) => this.#define(`${name}_${this.nextId}`, type));
    const node: Node = { op, name, attributes, inputs, outputs };
    this.#nodes.push(node);
    for (const id of outputs) this.#producers.set(id, node);
    return outputs;
  }

  /** Adds a node of one output. */
  add(op: OpName, inputs: readonly ValueId[], attributes: Attributes = {}, name: string = op): ValueId {
    const [output, ...rest] = this.addAll(op, inputs, attributes, name);
    if (output === undefined || rest.length > 0) throw bug(`${op} has ${rest.length + 1} outputs where one is used`);
    return output;
  }

  output(name: string, value: ValueId): void {
    this.#outputs.push({ name, value: this.#value(value).id });
  }

  rename(id: ValueId, name: string): void {
    this.#values.set(id, { ...this.#value(id), name });
  }

  type(id: ValueId): TensorType {
    return this.#value(id).type;
  }

  nameOf(id: ValueId): string {
    return this.#value(id).name;
  }

  /** The tensor of a value known at build time. */
  known(id: ValueId): Tensor | undefined {
    return this.#constants.get(id);
  }

  /** Names of the graph inputs a value depends on. */
  inputsBehind(id: ValueId): string[] {
    const seen = new Set([id]);
    for (const value of seen) for (const input of this.#producers.get(value)?.inputs ?? []) seen.add(input);
    return this.#inputs.filter((input) => seen.has(input)).map((input) => this.#value(input).name);
  }

  /** The graph so far. Constants that nothing reads are left out. */
  build(): Graph {
    const used = new Set([...this.#nodes.flatMap((n) => n.inputs), ...this.#outputs.map((o) => o.value)]);
    const isKept = ([id]: readonly [ValueId, unknown]) => !this.#constants.has(id) || used.has(id);
    return {
      name: this.#name,
      values: new Map([...this.#values].filter(isKept)),
      constants: new Map([...this.#constants].filter(isKept)),
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      nodes: [...this.#nodes],
    };
  }

  #define(name: string, type: TensorType): ValueId {
    requireStorable(type);
    const id = this.#values.size;
    this.#values.set(id, { id, name, type });
    return id;
  }

  #value(id: ValueId): Value {
    const value = this.#values.get(id);
    if (value === undefined) throw bug(`value ${id} is not of this graph`);
    return value;
  }
}

function isSmall(op: OpName, inputs: readonly Tensor[], outputs: readonly TensorType[]): boolean {
  const total = (types: readonly TensorType[]): number => types.reduce((sum, type) => sum + byteSize(type), 0);
  if (outputs.some((type) => byteSize(type) > maxFoldedBytes)) return false;
  return ops[op].class !== 'movement' || total(outputs) <= total(inputs) + maxGrowthBytes;
}

function requireStorable(type: TensorType): void {
  if (!type.shape.every((d) => Number.isSafeInteger(d.size) && d.size >= 0)) {
    throw new OpError(`${printType(type)} has a dimension that is no size`);
  }
  const bytes = byteSize(type);
  if (bytes > maxTensorBytes)
    throw new OpError(`${printType(type)} is ${bytes} bytes; a tensor holds at most ${maxTensorBytes}`);
}
