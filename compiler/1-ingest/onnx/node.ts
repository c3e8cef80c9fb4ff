import type { GraphBuilder } from '../../ir/build.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { Attributes, OpName } from '../../ops/index.ts';
import { OpError } from '../../ops/op.ts';
import { numbersOf, tensorOf } from '../../tensor/convert.ts';
import type { DType } from '../../tensor/dtype.ts';
import { sizesOf } from '../../tensor/shape.ts';
import type { Tensor, TensorType } from '../../tensor/tensor.ts';
import type { AttributeKinds, OnnxAttribute, OnnxAttributes } from './attributes.ts';
import type { GraphProto } from './proto/generated/onnx_pb.ts';
import { decodeTensor } from './tensor.ts';

/** A use of an operator that lcc does not compile; ingest goes on and reports all of them. */
export class Unsupported extends Error {}

/** A value that decides shapes or structure, but is not known at build time. `use` says what it decides. */
export class UnknownAtBuild extends Error {
  constructor(use: string, valueName: string, inputs: readonly string[]) {
    const origin = inputs.filter((name) => name !== valueName).map((name) => `"${name}"`);
    const way = origin.length === 0 ? '' : `, which depends on ${origin.join(', ')}`;
    super(`${use} comes from "${valueName}"${way}`);
  }
}

/** Turns one node of a model into nodes of lcc; the values are the node's outputs in order, as many as are used. */
export type Importer = (node: OnnxNode) => ValueId | readonly ValueId[];

export interface OnnxNodeFacts {
  readonly op: string;
  readonly name: string;
  /** version of the node's operator set */
  readonly opset: number;
  readonly file: string | undefined;
  readonly attributes: OnnxAttributes;
  /** undefined where an optional input is left out */
  readonly inputs: readonly (ValueId | undefined)[];
  readonly inputNames: readonly string[];
  /** '' where an output is not used */
  readonly outputNames: readonly string[];
  /** Imports a subgraph in place, with the names around this node; the values are its outputs. */
  readonly inline: (graph: GraphProto) => ValueId[];
}

/** A node of the model as its importer sees it: typed attributes, inputs with their types, and a way to emit. */
export class OnnxNode {
  readonly op: string;
  readonly name: string;
  readonly opset: number;
  readonly inputs: readonly (ValueId | undefined)[];
  readonly outputCount: number;
  readonly inline: (graph: GraphProto) => ValueId[];
  readonly #facts: OnnxNodeFacts;
  readonly #builder: GraphBuilder;

  constructor(facts: OnnxNodeFacts, builder: GraphBuilder) {
    this.op = facts.op;
    this.name = facts.name;
    this.opset = facts.opset;
    this.inputs = facts.inputs;
    this.outputCount = facts.outputNames.length;
    this.inline = facts.inline;
    this.#facts = facts;
    this.#builder = builder;
  }

  /** Whether anything can read output `i`. */
  isUsed(i: number): boolean {
    return (this.#facts.outputNames[i] ?? '') !== '';
  }

  input(i: number): ValueId {
    const id = this.inputs[i];
    if (id === undefined) throw new OpError(`${this.op} needs input ${i}`);
    return id;
  }

  optional(i: number): ValueId | undefined {
    return this.inputs[i];
  }

  /** All inputs, none of them left out. */
  allInputs(): ValueId[] {
    return this.inputs.map((_, i) => this.input(i));
  }

  type(id: ValueId): TensorType {
    return this.#builder.type(id);
  }

  sizes(id: ValueId): number[] {
    return sizesOf(this.type(id).shape);
  }

  rank(id: ValueId): number {
    return this.type(id).shape.length;
  }

  /** The tensor of a value when it is known at build time. */
  known(id: ValueId): Tensor | undefined {
    return this.#builder.known(id);
  }

  /** Input `i`, which must be known at build time; undefined when left out. `use` says what it decides. */
  knownInput(i: number, use: string): Tensor | undefined {
    const id = this.inputs[i];
    if (id === undefined) return undefined;
    const tensor = this.known(id);
    if (tensor === undefined) {
      throw new UnknownAtBuild(use, this.#facts.inputNames[i] ?? '', this.#builder.inputsBehind(id));
    }
    return tensor;
  }

  knownNumbers(i: number, use: string): number[] | undefined {
    const tensor = this.knownInput(i, use);
    return tensor === undefined ? undefined : numbersOf(tensor);
  }

  knownNumber(i: number, use: string): number | undefined {
    const numbers = this.knownNumbers(i, use);
    if (numbers === undefined) return undefined;
    const [first] = numbers;
    if (first === undefined || numbers.length > 1) {
      throw new OpError(`${use} must be one number, not ${numbers.length}`);
    }
    return first;
  }

  has(name: string): boolean {
    return this.#facts.attributes.has(name);
  }

  int(name: string, fallback: number): number {
    const value = this.#attribute(name, 'int');
    return value === undefined ? fallback : Number(value);
  }

  flag(name: string, fallback = false): boolean {
    return this.int(name, Number(fallback)) !== 0;
  }

  float(name: string, fallback: number): number {
    return this.#attribute(name, 'float') ?? fallback;
  }

  string(name: string, fallback: string): string {
    return this.#attribute(name, 'string') ?? fallback;
  }

  ints(name: string): number[] | undefined {
    return this.#attribute(name, 'ints')?.map(Number);
  }

  floats(name: string): readonly number[] | undefined {
    return this.#attribute(name, 'floats');
  }

  /** An attribute of whatever kind. */
  attribute(name: string): OnnxAttribute | undefined {
    return this.#facts.attributes.get(name);
  }

  tensor(name: string): Tensor | undefined {
    const proto = this.#attribute(name, 'tensor');
    return proto === undefined ? undefined : decodeTensor(proto, this.#facts.file);
  }

  graph(name: string): GraphProto {
    const graph = this.#attribute(name, 'graph');
    if (graph === undefined) throw new OpError(`${this.op} needs the attribute "${name}"`);
    return graph;
  }

  /** Integers that early opsets hold in an attribute and later ones in an input. */
  intsOf(name: string, input: number): number[] | undefined {
    return this.ints(name) ?? this.knownNumbers(input, name);
  }

  /** A non-negative axis out of one that may count from the end. */
  axisOf(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      throw new OpError(`axis ${axis} is outside a tensor of rank ${rank}`);
    }
    return axis < 0 ? axis + rank : axis;
  }

  /** The same for a list; no axis twice. */
  axesOf(axes: readonly number[], rank: number): number[] {
    const normal = axes.map((axis) => this.axisOf(axis, rank));
    if (new Set(normal).size !== normal.length) throw new OpError(`axes [${axes.join(',')}] name one twice`);
    return normal;
  }

  emit(op: OpName, inputs: readonly ValueId[], attributes: Attributes = {}): ValueId {
    return this.#builder.add(op, inputs, attributes, this.name);
  }

  constant(tensor: Tensor): ValueId {
    return this.#builder.constant(tensor, `${this.name}_${this.#builder.nextId}`);
  }

  /** A constant of plain numbers. */
  numbers(dtype: DType, sizes: readonly number[], values: readonly (number | bigint)[]): ValueId {
    return this.constant(tensorOf(dtype, sizes, values));
  }

  scalar(dtype: DType, value: number | bigint): ValueId {
    return this.numbers(dtype, [], [value]);
  }

  /** The same elements in another shape; nothing when it has that shape. */
  reshape(id: ValueId, shape: readonly number[]): ValueId {
    const sizes = this.sizes(id);
    const isSame = sizes.length === shape.length && sizes.every((size, i) => size === shape[i]);
    return isSame ? id : this.emit('reshape', [id], { shape });
  }

  transpose(id: ValueId, perm: readonly number[]): ValueId {
    return perm.every((axis, i) => axis === i) ? id : this.emit('transpose', [id], { perm });
  }

  expand(id: ValueId, shape: readonly number[]): ValueId {
    const sizes = this.sizes(id);
    const isSame = sizes.length === shape.length && sizes.every((size, i) => size === shape[i]);
    return isSame ? id : this.emit('expand', [id], { shape });
  }

  #attribute<K extends keyof AttributeKinds>(name: string, kind: K): AttributeKinds[K] | undefined {
    const attribute = this.#facts.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (!isKind(attribute, kind)) {
      throw new OpError(`attribute "${name}" of ${this.op} must be of the kind ${kind}, not ${attribute.kind}`);
    }
    return attribute.value;
  }
}

const isKind = <K extends keyof AttributeKinds>(
  attribute: OnnxAttribute,
  kind: K,
): attribute is OnnxAttribute & { readonly kind: K; readonly value: AttributeKinds[K] } => attribute.kind === kind;
