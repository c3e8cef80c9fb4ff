import type { GraphBuilder } from '../../../ir/build.ts';
import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { numbersOf } from '../../../tensor/convert.ts';
import type { DType } from '../../../tensor/dtype.ts';
import { UnknownAtBuild, Unsupported } from '../../refusals.ts';
import type { NodeAttributes } from '../attributes.ts';
import type { Format, Padding, Sliding } from '../convolution.ts';
import { dtypeOf } from '../element-type.ts';
import { ImageEmitter, type Twins } from '../image-emitter.ts';

/** Turns one node into nodes of lcc; the values are the node's outputs in order. */
export type OpImporter = (node: OpNode) => ValueId | readonly ValueId[];

export interface OpFacts {
  readonly op: string;
  readonly name: string;
  readonly attributes: NodeAttributes;
  readonly inputs: readonly ValueId[];
  readonly inputNames: readonly string[];
}

/** A node of the graph as its importer sees it. */
export class OpNode extends ImageEmitter {
  readonly op: string;
  readonly attributes: NodeAttributes;
  readonly inputs: readonly ValueId[];
  readonly #inputNames: readonly string[];
  readonly #builder: GraphBuilder;

  constructor(facts: OpFacts, builder: GraphBuilder, twins: Twins) {
    super(facts.name, builder, twins);
    this.op = facts.op;
    this.attributes = facts.attributes;
    this.inputs = facts.inputs;
    this.#inputNames = facts.inputNames;
    this.#builder = builder;
  }

  input(i: number): ValueId {
    const id = this.inputs[i];
    if (id === undefined) throw new OpError(`${this.op} needs input ${i}`);
    return id;
  }

  /** The numbers of input `i`, which must be known at build time. `use` says what they decide. */
  knownNumbers(i: number, use: string): number[] {
    const id = this.input(i);
    const tensor = this.known(id);
    if (tensor !== undefined) return numbersOf(tensor);
    throw new UnknownAtBuild(use, this.#inputNames[i] ?? '', this.#builder.inputsBehind(id));
  }

  knownNumber(i: number, use: string): number {
    const [first, ...rest] = this.knownNumbers(i, use);
    if (first === undefined || rest.length > 0) throw new OpError(`${use} must be one number`);
    return first;
  }

  /** The element type that an attribute names, as lcc holds it. */
  dtype(name: string): DType {
    const type = this.attributes.type(name) ?? 'DT_FLOAT';
    const dtype = dtypeOf(type);
    if (dtype === undefined) throw new Unsupported(`${name} is ${type}`);
    return dtype;
  }

  get format(): Format {
    const format = this.attributes.string('data_format', 'NHWC');
    if (format === 'NHWC' || format === 'NDHWC') return 'last';
    if (format === 'NCHW' || format === 'NCDHW') return 'first';
    throw new Unsupported(`data_format is "${format}"`);
  }

  /** The spatial ones of an attribute that has a number for every dimension of an image of `rank`. */
  spatial(name: string, rank: number): number[] {
    const numbers = this.attributes.ints(name) ?? new Array<number>(rank).fill(1);
    if (numbers.length !== rank) throw new OpError(`${name} is [${numbers.join(',')}] for a rank of ${rank}`);
    const isFirst = this.format === 'first';
    const others = isFirst ? numbers.slice(0, 2) : [numbers[0], numbers[rank - 1]];
    if (others.some((n) => n !== 1)) throw new Unsupported(`${name} is [${numbers.join(',')}]`);
    return isFirst ? numbers.slice(2) : numbers.slice(1, -1);
  }

  /** How a window moves over an image of `rank`. */
  sliding(rank: number): Sliding {
    const strides = this.spatial('strides', rank);
    return { strides, dilations: this.spatial('dilations', rank), padding: this.#padding(rank), format: this.format };
  }

  #padding(rank: number): Padding {
    const padding = this.attributes.string('padding', 'VALID');
    if (padding === 'SAME') return 'same';
    if (padding === 'VALID') return 'valid';
    if (padding !== 'EXPLICIT') throw new Unsupported(`padding is "${padding}"`);
    const pairs = this.attributes.ints('explicit_paddings') ?? [];
    if (pairs.length !== 2 * rank) throw new OpError(`explicit_paddings is [${pairs.join(',')}]`);
    const first = this.format === 'first' ? 2 : 1;
    const axes = Array.from({ length: rank - 2 }, (_, i) => first + i);
    return [...axes.map((axis) => pairs[2 * axis] ?? 0), ...axes.map((axis) => pairs[2 * axis + 1] ?? 0)];
  }
}
