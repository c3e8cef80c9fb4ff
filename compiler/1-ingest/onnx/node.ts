import type { GraphBuilder } from '../../ir/build.ts';
import type { ValueId } from '../../ir/graph.ts';
import { OpError } from '../../ops/op.ts';
import { numbersOf } from '../../tensor/convert.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Emitter } from '../emitter.ts';
import { UnknownAtBuild, Unsupported } from '../refusals.ts';
import type { AttributeKinds, OnnxAttribute, OnnxAttributes } from './attributes.ts';
import type { GraphProto } from './proto/generated/onnx_pb.ts';
import { decodeTensor } from './tensor.ts';

export { UnknownAtBuild, Unsupported };

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
export class OnnxNode extends Emitter {
  readonly op: string;
  readonly opset: number;
  readonly inputs: readonly (ValueId | undefined)[];
  readonly outputCount: number;
  readonly inline: (graph: GraphProto) => ValueId[];
  readonly #facts: OnnxNodeFacts;
  readonly #builder: GraphBuilder;

  constructor(facts: OnnxNodeFacts, builder: GraphBuilder) {
    super(facts.name, builder);
    this.op = facts.op;
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
