import type { ValueId } from '../../ir/graph.ts';
import { tensorOf } from '../../tensor/convert.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { codeOfElementType } from './element-type.ts';
import type { WrittenAttribute } from './write.ts';

/** What a node of lcc becomes in ONNX: a tree of operators over values of the graph and tensors. */
export type Term = GraphValue | Literal | Call;

export interface GraphValue {
  readonly kind: 'value';
  readonly id: ValueId;
}

export interface Literal {
  readonly kind: 'literal';
  readonly tensor: Tensor;
}

/** An ONNX operator. A call that several others read by reference is written once. */
export interface Call {
  readonly kind: 'call';
  readonly op: string;
  /** undefined leaves an optional input out */
  readonly inputs: readonly (Term | undefined)[];
  readonly attributes: OnnxAttributeMap;
  /** which of the operator's outputs is meant */
  readonly output: number;
}

export type OnnxAttributeMap = Readonly<Record<string, WrittenAttribute>>;

export const call = (
  op: string,
  inputs: readonly (Term | undefined)[],
  attributes: OnnxAttributeMap = {},
  output = 0,
): Call => ({ kind: 'call', op, inputs, attributes, output });

export const literal = (tensor: Tensor): Literal => ({ kind: 'literal', tensor });

/** Integers are truncated. */
export const scalar = (dtype: DType, value: number): Literal =>
  literal(tensorOf(dtype, [], [isFloat(dtype) ? value : Math.trunc(value)]));

/** A 1-D int64 tensor, as sizes, axes and positions are given. */
export const integers = (values: readonly number[]): Literal => literal(tensorOf('int64', [values.length], values));

export const identity = (x: Term): Call => call('Identity', [x]);

export const cast = (x: Term, to: DType): Call => call('Cast', [x], { to: codeOfElementType(to) });

/** A size of 0 means 0, not the size of the input. */
export const reshape = (x: Term, sizes: readonly number[]): Call =>
  call('Reshape', [x, integers(sizes)], sizes.includes(0) ? { allowzero: 1 } : {});

export const transpose = (x: Term, perm: readonly number[]): Call => call('Transpose', [x], { perm });

export const expand = (x: Term, sizes: readonly number[]): Call => call('Expand', [x, integers(sizes)]);
