import { bug } from '../../diagnostics/index.ts';
import type { OpName } from '../../ops/index.ts';
import { type AttributeReader, type Attributes, readAttributes } from '../../ops/op.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { sizesOf } from '../../tensor/shape.ts';
import type { Tensor, TensorType } from '../../tensor/tensor.ts';
import { type Call, cast, type Literal, scalar, type Term } from './term.ts';

/** Turns one node of lcc into ONNX operators (opset 21, ONNX's own domain); the call's value is the node's output. */
export type Exporter = (node: ExportedNode) => Call;

export interface ExportedOperand {
  readonly term: Term;
  readonly type: TensorType;
  /** the tensor of a constant */
  readonly known: Tensor | undefined;
}

/** A node of the graph as its exporter sees it: operands with their types, and attributes as the op reads them. */
export class ExportedNode {
  readonly op: OpName;
  readonly operands: readonly ExportedOperand[];
  readonly output: TensorType;
  readonly attributes: AttributeReader;
  /** attributes as the node has them */
  readonly given: Attributes;

  constructor(op: OpName, operands: readonly ExportedOperand[], output: TensorType, attributes: Attributes) {
    this.op = op;
    this.operands = operands;
    this.output = output;
    this.attributes = readAttributes(op, attributes);
    this.given = attributes;
  }

  get terms(): readonly Term[] {
    return this.operands.map(({ term }) => term);
  }

  input(i: number): Term {
    return this.#operand(i).term;
  }

  optional(i: number): Term | undefined {
    return this.operands[i]?.term;
  }

  type(i: number): TensorType {
    return this.#operand(i).type;
  }

  /** Element type of the first operand, which that of most others and of the output is. */
  get dtype(): DType {
    return this.type(0).dtype;
  }

  sizes(i: number): number[] {
    return sizesOf(this.type(i).shape);
  }

  /** The tensor of a constant operand. */
  known(i: number): Tensor | undefined {
    return this.#operand(i).known;
  }

  has(attribute: string): boolean {
    return this.given[attribute] !== undefined;
  }

  /** A scalar of the element type of the first operand. */
  scalar(value: number): Literal {
    return scalar(this.dtype, value);
  }

  /** The same node with operands and output of its element type in another one. */
  inType(dtype: DType): ExportedNode {
    const retyped = (type: TensorType): TensorType => (type.dtype === this.dtype ? { ...type, dtype } : type);
    const operands = this.operands.map((operand) =>
      operand.type.dtype === this.dtype
        ? { term: cast(operand.term, dtype), type: retyped(operand.type), known: undefined }
        : operand,
    );
    return new ExportedNode(this.op, operands, retyped(this.output), this.given);
  }

  #operand(i: number): ExportedOperand {
    const operand = this.operands[i];
    if (operand === undefined) throw bug(`${this.op} has no operand ${i}`);
    return operand;
  }
}

/** Element types that most float operators of opset 21 take. */
export const floats: readonly DType[] = ['float32', 'float16', 'float64'];
/** And those that products and sums take. */
export const summable: readonly DType[] = [...floats, 'bfloat16', 'int32', 'int64', 'uint32', 'uint64'];

/** int32 for narrow integers and bool, int64 for other integers, float32 for floats. */
export const wider = (dtype: DType): DType => {
  if (isFloat(dtype)) return 'float32';
  return dtype === 'uint32' || dtype === 'uint64' || dtype === 'int64' ? 'int64' : 'int32';
};

/** An operator that takes some element types only; others are cast to one that it takes, and the result back. */
export const within =
  (dtypes: readonly DType[], exporter: Exporter, substitute: (dtype: DType) => DType = wider): Exporter =>
  (node) => {
    if (dtypes.includes(node.dtype)) return exporter(node);
    const result = exporter(node.inType(substitute(node.dtype)));
    return node.output.dtype === node.dtype ? cast(result, node.dtype) : result;
  };
