import type { GraphBuilder } from '../ir/build.ts';
import type { ValueId } from '../ir/graph.ts';
import type { Attributes, OpName } from '../ops/index.ts';
import { OpError } from '../ops/op.ts';
import { tensorOf } from '../tensor/convert.ts';
import type { DType } from '../tensor/dtype.ts';
import { sizesOf } from '../tensor/shape.ts';
import type { Tensor, TensorType } from '../tensor/tensor.ts';

/** Emits the nodes of lcc that one node of a model becomes, under its name. */
export class Emitter {
  readonly name: string;
  readonly #builder: GraphBuilder;

  constructor(name: string, builder: GraphBuilder) {
    this.name = name;
    this.#builder = builder;
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
}
