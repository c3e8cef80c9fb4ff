import type { GraphBuilder } from '../../ir/build.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { Attributes, OpName } from '../../ops/index.ts';
import { Emitter } from '../emitter.ts';

/** Where images [N, space..., C] also are as [N, C, space...], by the value that has the channels last. */
export type Twins = Map<ValueId, ValueId>;

/**
 * TensorFlow has channels last, lcc's image ops have them first. An image keeps both forms: what can go on with the channels
 * first does, and of the permutations between the forms those stay that something reads in the end.
 */
export class ImageEmitter extends Emitter {
  readonly #twins: Twins;

  constructor(name: string, builder: GraphBuilder, twins: Twins) {
    super(name, builder);
    this.#twins = twins;
  }

  /** x [N, space..., C] as [N, C, space...]. */
  channelsFirst(x: ValueId): ValueId {
    const rank = this.rank(x);
    if (rank < 3) return x;
    const known = this.#twins.get(x);
    if (known !== undefined) return known;
    const first = this.transpose(x, [0, rank - 1, ...spatialAxes(rank)]);
    this.#twins.set(x, first);
    return first;
  }

  /** x [N, C, space...] as [N, space..., C]. */
  channelsLast(x: ValueId): ValueId {
    const rank = this.rank(x);
    if (rank < 3) return x;
    const last = this.transpose(x, [0, ...spatialAxes(rank).map((axis) => axis + 1), 1]);
    this.#twins.set(last, x);
    return last;
  }

  /** Where x, channels last, is computed with the channels first. */
  twinOf(x: ValueId): ValueId | undefined {
    return this.#twins.get(x);
  }

  /** An op whose operands broadcast, channels last. */
  pointwise(op: OpName, inputs: readonly ValueId[], attributes: Attributes = {}): ValueId {
    const images = this.#asImages(inputs);
    if (images === undefined) return this.emit(op, inputs, attributes);
    return this.channelsLast(this.emit(op, images, attributes));
  }

  /**
   * A node of one output whose attributes speak of axes, x's channels being last: `attributes` takes a function that says
   * where the emitted op has an axis, and the axes in the order it has them.
   */
  alongAxes(op: OpName, inputs: readonly ValueId[], attributes: (axes: AxisOrder) => Attributes): ValueId {
    const ranks = inputs.map((id) => this.rank(id));
    const rank = ranks[0] ?? 0;
    const isImage = rank > 2 && ranks.every((r) => r === rank) && inputs.some((id) => this.#twins.has(id));
    if (!isImage) return this.emit(op, inputs, attributes(channelsStay));
    const order = channelsMove(rank);
    return this.channelsLast(
      this.emit(
        op,
        inputs.map((id) => this.channelsFirst(id)),
        attributes(order),
      ),
    );
  }

  #asImages(inputs: readonly ValueId[]): ValueId[] | undefined {
    const rank = Math.max(...inputs.map((id) => this.rank(id)));
    const isImage = rank > 2 && inputs.some((id) => this.rank(id) === rank && this.#twins.has(id));
    return isImage ? inputs.map((id) => this.#spread(id, rank)) : undefined;
  }

  /** x, which broadcasts to an image of `rank`, with the channels first. */
  #spread(x: ValueId, rank: number): ValueId {
    const sizes = this.sizes(x);
    if (sizes.length === 0) return x;
    if (sizes.length === 1) return this.reshape(x, [...sizes, ...spatialAxes(rank).map(() => 1)]);
    const missing = new Array<number>(rank - sizes.length).fill(1);
    return this.channelsFirst(this.reshape(x, [...missing, ...sizes]));
  }
}

export interface AxisOrder {
  /** Position of a non-negative axis. */
  at(axis: number): number;
  /** One entry for each axis, in the order of the axes. */
  arrange(perAxis: readonly number[]): number[];
}

const channelsStay: AxisOrder = { at: (axis) => axis, arrange: (perAxis) => [...perAxis] };

const channelsMove = (rank: number): AxisOrder => ({
  at: (axis) => (axis === 0 ? 0 : axis === rank - 1 ? 1 : axis + 1),
  arrange: ([first = 0, ...rest]) => [first, ...rest.slice(-1), ...rest.slice(0, -1)],
});

/** 1 .. rank - 2: where the space of an image lies with the channels last. */
export const spatialAxes = (rank: number): number[] => Array.from({ length: rank - 2 }, (_, i) => i + 1);
