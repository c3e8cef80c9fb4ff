import type { Attributes, OpName } from '../ops/index.ts';
import type { Tensor, TensorType } from '../tensor/tensor.ts';

export type ValueId = number;

/** Typed SSA value. `name` is the model file's, or made from its node's. */
export interface Value {
  readonly id: ValueId;
  readonly name: string;
  readonly type: TensorType;
}

export interface Node {
  readonly op: OpName;
  /** The model file's node name, for messages. */
  readonly name: string;
  readonly attributes: Attributes;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
}

/** A verified graph: values by id, nodes in execution order. */
export interface Graph {
  readonly name: string;
  readonly values: ReadonlyMap<ValueId, Value>;
  readonly constants: ReadonlyMap<ValueId, Tensor>;
  readonly inputs: readonly ValueId[];
  /** Public name of each output; one value may serve several. */
  readonly outputs: readonly { readonly name: string; readonly value: ValueId }[];
  readonly nodes: readonly Node[];
}
