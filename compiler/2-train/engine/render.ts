import * as tf from '@tensorflow/tfjs';
import type { Expr, LoadExpr, ReduceExpr } from '../../kernel/expr.ts';
import type { Axis, Index } from '../../kernel/index-expr.ts';
import type { Meaning } from '../../kernel/meaning.ts';
import { binaryOps } from '../../kernel/scalar.ts';
import { type Held, inOrder, leadOf, naturalOrder, sizesOfHeld, spreadTo } from './held.ts';
import { binaries, boolOnly, choose, typeInTensorFlow, unaries } from './scalars.ts';

/** A meaning that no tensor operation stands for. */
export class NotRenderable extends Error {}

/**
 * Computes what an op means, for all elements at once: every axis of the meaning is a dimension of its own, behind the
 * samples, and a fold is a reduction over its axes. For meanings whose loads are at axes and at fixed positions: all
 * element-wise ops, transposes, normalisations, reductions.
 * @throws NotRenderable for any other
 */
export function render({ axes, value }: Meaning, operands: ReadonlyMap<number, Held>): Held {
  const held = [...operands.values()];
  const like = held.find(({ isBatched, order }) => isBatched && order.length === axes.length);
  const order = like?.order ?? naturalOrder(axes.length);
  const slots = new Map<Axis, number>();
  for (const d of order) {
    const axis = axes[d];
    if (axis && axis.extent.size !== 1) slots.set(axis, slots.size);
  }
  const result = new Renderer(operands, slots).render(value);
  const sizes = order.map((d) => axes[d]?.extent.size ?? 1);
  const isBatched = held.some((operand) => operand.isBatched);
  const lead = result.shape[0] ?? 1;
  const wide = spreadTo(alignTo(result, 1 + slots.size), [lead, ...sizes.filter((size) => size !== 1)]);
  return { tensor: tf.reshape(wide, isBatched ? [lead, ...sizes] : sizes), isBatched, order };
}

/** Drops dimensions of size 1 at the end: those of folds. */
const alignTo = (tensor: tf.Tensor, rank: number): tf.Tensor => {
  const shape = Array.from({ length: rank }, (_, d) => tensor.shape[d] ?? 1);
  return tf.reshape(tensor, shape);
};

/** Every expression becomes [B or 1, a dimension for each slot in use]. */
class Renderer {
  readonly #known = new Map<Expr, tf.Tensor>();

  constructor(
    readonly operands: ReadonlyMap<number, Held>,
    readonly slots: Map<Axis, number>,
  ) {}

  render(e: Expr): tf.Tensor {
    const known = this.#known.get(e);
    if (known && known.rank >= 1) return this.#padded(known);
    const made = this.#make(e);
    this.#known.set(e, made);
    return this.#padded(made);
  }

  /** Folds that have begun since have given it fewer dimensions than there are now. */
  #padded(x: tf.Tensor): tf.Tensor {
    const rank = 1 + this.slots.size;
    if (x.rank === rank) return x;
    return alignTo(x, rank);
  }

  #make(e: Expr): tf.Tensor {
    switch (e.kind) {
      case 'const':
        return tf.fill(this.#ones(), Number(e.value), typeInTensorFlow(e.dtype));
      case 'load':
        return this.#load(e);
      case 'unary': {
        const op = unaries[e.op];
        if (!op || (boolOnly.has(e.op) && e.x.dtype !== 'bool')) throw new NotRenderable(`${e.op} of ${e.x.dtype}`);
        return op(this.render(e.x));
      }
      case 'binary': {
        const op = binaries[e.op];
        if (!op || (boolOnly.has(e.op) && e.a.dtype !== 'bool')) throw new NotRenderable(`${e.op} of ${e.a.dtype}`);
        if (e.op === 'max' && isZero(e.b)) return tf.relu(this.render(e.a));
        if (binaryOps[e.op].result === 'bool') return untracked(() => this.#fresh(e.a, e.b, op));
        return op(this.render(e.a), this.render(e.b));
      }
      case 'select':
        return choose(this.render(e.cond), this.render(e.a), this.render(e.b));
      case 'cast':
        return castTo(this.render(e.x), typeInTensorFlow(e.dtype));
      case 'index':
        return this.#position(e.index);
      case 'table':
        return tf.gather(tf.tensor1d([...e.values], e.dtype), this.#position(e.index));
      case 'reduce':
        return this.#fold(e);
      case 'fetch':
      case 'local':
        throw new NotRenderable(e.kind);
      default:
        return e satisfies never;
    }
  }

  /** Without what is known: what is made untracked has no gradients. */
  #fresh(a: Expr, b: Expr, op: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor): tf.Tensor {
    const renderer = new Renderer(this.operands, this.slots);
    return op(renderer.render(a), renderer.render(b));
  }

  #ones(): number[] {
    return new Array<number>(1 + this.slots.size).fill(1);
  }

  /** The axes of a fold are dimensions as long as its body is computed. */
  #fold({ op, axes, body }: ReduceExpr): tf.Tensor {
    const own = axes.filter((axis) => axis.extent.size !== 1);
    const first = this.slots.size;
    own.forEach((axis, i) => {
      this.slots.set(axis, first + i);
    });
    const inner = this.render(body);
    // an element that does not depend on an axis is folded as often as that is long
    const wide = own.some((_, i) => inner.shape[1 + first + i] === 1) ? this.#widened(inner, own, first) : inner;
    const dims = own.map((_, i) => 1 + first + i);
    const folded = own.length === 0 ? wide : folds[op](wide, dims);
    for (const axis of own) this.slots.delete(axis);
    return alignTo(folded, 1 + first);
  }

  #widened(x: tf.Tensor, axes: readonly Axis[], first: number): tf.Tensor {
    const shape = [...x.shape];
    axes.forEach((axis, i) => {
      shape[1 + first + i] = axis.extent.size;
    });
    return spreadTo(x, shape);
  }

  #load({ source, index, guards }: LoadExpr): tf.Tensor {
    const held = this.operands.get(source);
    if (!held) throw new NotRenderable('a value of another node');
    if (guards.length > 0) throw new NotRenderable('a load outside of its operand');
    const sizes = sizesOfHeld(held);
    const slotOf = index.map((one, d) => this.#slotOf(one, sizes[d] ?? 1));
    const places = slotOf.flatMap((slot, d) => (slot === undefined ? [] : [{ slot, d }]));
    if (new Set(places.map(({ slot }) => slot)).size < places.length) throw new NotRenderable('a diagonal');
    const fixed = slotOf.flatMap((slot, d) => (slot === undefined ? [d] : []));
    const order = [...fixed, ...places.sort((a, b) => a.slot - b.slot).map(({ d }) => d)];
    // dimensions of one position may stand anywhere: only the others need their order
    const moved = isInOrder(held.order, places) ? held : inOrder(held, order);
    const shape = this.#ones();
    shape[0] = leadOf(held) === 1 ? (held.tensor.shape[0] ?? 1) : 1;
    for (const { slot, d } of places) shape[1 + slot] = sizes[d] ?? 1;
    return tf.reshape(this.#atPositions(moved, index, sizes), shape);
  }

  /** Takes the fixed positions of dimensions that are longer than 1. */
  #atPositions(held: Held, index: readonly Index[], sizes: readonly number[]): tf.Tensor {
    const lead = leadOf(held);
    let { tensor } = held;
    held.order.forEach((d, place) => {
      const size = sizes[d] ?? 1;
      const at = index[d];
      if (size === 1 || !at || at.terms.length > 0) return;
      const begin = tensor.shape.map((_, i) => (i === place + lead ? at.offset : 0));
      const extent = tensor.shape.map((all, i) => (i === place + lead ? 1 : all));
      tensor = tf.slice(tensor, begin, extent);
    });
    return tensor;
  }

  /** The dimension of the axis that an index is; undefined for a fixed position. */
  #slotOf({ offset, terms }: Index, size: number): number | undefined {
    const [term, ...others] = terms;
    if (!term || size === 1) return undefined;
    const { atom, factor } = term;
    const isAxis = others.length === 0 && factor === 1 && offset === 0 && atom.kind === 'axis';
    const slot = isAxis ? this.slots.get(atom) : undefined;
    if (slot === undefined || !isAxis || atom.extent.size !== size) throw new NotRenderable('an index that is no axis');
    return slot;
  }

  /** An index as int32: offset + sum of factor * axis. */
  #position({ offset, terms }: Index): tf.Tensor {
    let sum: tf.Tensor = tf.fill(this.#ones(), offset, 'int32');
    for (const { factor, atom } of terms) {
      if (atom.kind !== 'axis') throw new NotRenderable('an index that is no sum of axes');
      const slot = this.slots.get(atom);
      if (slot === undefined) continue;
      const shape = this.#ones();
      shape[1 + slot] = atom.extent.size;
      const along = tf.reshape(tf.range(0, atom.extent.size, 1, 'int32'), shape);
      sum = tf.add(sum, tf.mul(along, tf.scalar(factor, 'int32')));
    }
    return sum;
  }
}

/** Whether the dimensions that vary already lie in the order of their slots. */
function isInOrder(
  order: readonly number[],
  places: readonly { readonly slot: number; readonly d: number }[],
): boolean {
  const slotOf = new Map(places.map(({ slot, d }) => [d, slot]));
  const slots = order.flatMap((d) => slotOf.get(d) ?? []);
  return slots.every((slot, i) => i === 0 || slot > (slots[i - 1] ?? -1));
}

/** No gradient flows through it: comparisons have none, and tfjs would ask for it. */
const untracked = (make: () => tf.Tensor): tf.Tensor =>
  tf.customGrad((nothing) => ({ value: make(), gradFunc: () => tf.zerosLike(nothing as tf.Tensor) }))(tf.scalar(0));

const isZero = (e: Expr): boolean => e.kind === 'const' && Number(e.value) === 0;

const castTo = (x: tf.Tensor, type: 'float32' | 'int32' | 'bool'): tf.Tensor => {
  if (x.dtype === type) return x;
  return type === 'bool' ? tf.notEqual(x, tf.scalar(0, x.dtype === 'float32' ? 'float32' : 'int32')) : tf.cast(x, type);
};

const folds: Record<ReduceExpr['op'], (x: tf.Tensor, dims: number[]) => tf.Tensor> = {
  sum: (x, dims) => tf.sum(x, dims, true),
  prod: (x, dims) => tf.prod(x, dims, true),
  max: (x, dims) => tf.max(x, dims, true),
  min: (x, dims) => tf.min(x, dims, true),
};
