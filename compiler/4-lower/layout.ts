import type { ValueId } from '../ir/graph.ts';
import type { Axis, Index } from '../kernel/index-expr.ts';
import { elementCount, sizesOf } from '../tensor/shape.ts';
import { loadsOf } from './expr-parts.ts';
import { dimensionOfColumns, type Halo, type Plan, type Task } from './plan.ts';

/** Memory of one value, or of a concat and the operands that lie inside it. Sizes in elements of 4 bytes. */
export interface Buffer {
  readonly id: ValueId;
  readonly elements: number;
  readonly halo: Halo | undefined;
}

/** Element [i0, i1, ...] of a value lies at offset + sum of i * stride in its buffer. */
export interface Layout {
  readonly buffer: ValueId;
  readonly offset: number;
  readonly strides: readonly number[];
}

export interface Layouts {
  readonly buffers: ReadonlyMap<ValueId, Buffer>;
  readonly of: ReadonlyMap<ValueId, Layout>;
}

/**
 * Gives every written value an order of dimensions, strides and a place. Fixed values are row-major. Otherwise the
 * dimension a reader needs innermost decides, then the output axis of the producing contraction (channels: NHWC), then
 * the order of the largest value read.
 */
export function assignLayouts(plan: Plan, isFixed: (id: ValueId) => boolean): Layouts {
  return new LayoutAssigner(plan, isFixed).assign();
}

class LayoutAssigner {
  private readonly tasks: ReadonlyMap<ValueId, Task>;
  private readonly owners = new Map<ValueId, { concat: ValueId; start: number; axis: number }>();
  private readonly orders = new Map<ValueId, readonly number[]>();
  private readonly plan: Plan;
  private readonly isFixed: (id: ValueId) => boolean;

  constructor(plan: Plan, isFixed: (id: ValueId) => boolean) {
    this.plan = plan;
    this.isFixed = isFixed;
    this.tasks = new Map(plan.tasks.map((task) => [task.id, task]));
    for (const task of plan.tasks) {
      for (const piece of task.pieces) {
        const source = this.tasks.get(piece.source);
        if (!source || isFixed(piece.source) || this.owners.has(piece.source)) continue;
        if (task.pieces.filter((p) => p.source === piece.source).length > 1) continue;
        const halo = this.haloOf(source);
        if (halo?.some((edge, d) => (d === piece.axis || isFixed(task.id)) && edge.before + edge.after > 0)) continue;
        const wanted = plan.innermost.get(piece.source);
        const given = this.orderOf(task.id).at(-1);
        if (wanted !== undefined && wanted !== given) continue;
        this.owners.set(piece.source, { concat: task.id, start: piece.start, axis: piece.axis });
      }
    }
    this.orders.clear();
  }

  assign(): Layouts {
    const buffers = new Map<ValueId, Buffer>();
    const layouts = new Map<ValueId, Layout>();
    for (const task of this.plan.tasks) if (!this.owners.has(task.id)) this.place(task, buffers, layouts);
    for (const task of [...this.plan.tasks].reverse()) this.placeInside(task, layouts);
    return { buffers, of: layouts };
  }

  private place(task: Task, buffers: Map<ValueId, Buffer>, layouts: Map<ValueId, Layout>): void {
    const halo = this.isFixed(task.id) ? undefined : this.haloOf(task);
    const sizes = sizesOf(task.type.shape);
    const order = this.orderOf(task.id);
    const strides = new Array<number>(sizes.length).fill(1);
    let stride = 1;
    let offset = 0;
    for (const d of [...order].reverse()) {
      strides[d] = stride;
      offset += (halo?.[d]?.before ?? 0) * stride;
      stride *= (sizes[d] ?? 1) + (halo?.[d]?.before ?? 0) + (halo?.[d]?.after ?? 0);
    }
    buffers.set(task.id, { id: task.id, elements: stride, halo });
    layouts.set(task.id, { buffer: task.id, offset, strides });
  }

  /** Operands inside a concat, outer concats first: the tasks run backwards. */
  private placeInside(task: Task, layouts: Map<ValueId, Layout>): void {
    const outer = layouts.get(task.id);
    if (!outer) return;
    for (const piece of task.pieces) {
      if (this.owners.get(piece.source)?.concat !== task.id) continue;
      const offset = outer.offset + piece.start * (outer.strides[piece.axis] ?? 0);
      layouts.set(piece.source, { buffer: outer.buffer, offset, strides: outer.strides });
    }
  }

  /** Halo of a value and of everything inside it. */
  private haloOf(task: Task): Halo | undefined {
    const parts = task.pieces
      .filter((piece) => this.owners.get(piece.source)?.concat === task.id)
      .map((piece) => this.tasks.get(piece.source))
      .map((inner) => inner && this.haloOf(inner));
    const halos = [this.plan.halos.get(task.id), ...parts].filter((h) => h !== undefined);
    if (halos.length === 0) return undefined;
    return task.type.shape.map((_, d) => ({
      before: Math.max(...halos.map((h) => h[d]?.before ?? 0)),
      after: Math.max(...halos.map((h) => h[d]?.after ?? 0)),
    }));
  }

  /** Dimensions from outermost to innermost. */
  private orderOf(id: ValueId): readonly number[] {
    const known = this.orders.get(id);
    if (known) return known;
    const order = this.decide(id);
    this.orders.set(id, order);
    return order;
  }

  private decide(id: ValueId): readonly number[] {
    const task = this.tasks.get(id);
    const rank = task?.type.shape.length ?? 0;
    const rowMajor = Array.from({ length: rank }, (_, d) => d);
    if (!task || this.isFixed(id)) return rowMajor;
    const owner = this.owners.get(id);
    if (owner) return this.orderOf(owner.concat);
    const innermost = this.plan.innermost.get(id) ?? this.innermostOfPieces(task) ?? dimensionOfColumns(task);
    if (innermost !== undefined) return [...rowMajor.filter((d) => d !== innermost), innermost];
    return task.root.kind === 'concat' ? this.orderOfLargest(task, rowMajor) : this.orderOfSource(task, rowMajor);
  }

  private innermostOfPieces(task: Task): number | undefined {
    for (const piece of task.pieces) {
      const wanted = this.plan.innermost.get(piece.source);
      if (wanted !== undefined) return wanted;
    }
    return undefined;
  }

  private orderOfLargest(task: Task, rowMajor: readonly number[]): readonly number[] {
    const pieces = task.pieces.map((p) => this.tasks.get(p.source)).filter((t) => t !== undefined);
    const [largest] = pieces.sort((a, b) => elementCount(b.type.shape) - elementCount(a.type.shape));
    if (!largest) return rowMajor;
    this.orders.set(task.id, rowMajor);
    const saved = this.owners.get(largest.id);
    this.owners.delete(largest.id);
    this.orders.delete(largest.id);
    const order = this.orderOf(largest.id);
    this.orders.delete(largest.id);
    if (saved) this.owners.set(largest.id, saved);
    return order;
  }

  /** Follows the strides of the largest written value that is read. */
  private orderOfSource(task: Task, rowMajor: readonly number[]): readonly number[] {
    const sources = [...loadsOf(task.root.expr)]
      .map(([source, loads]) => ({ task: this.tasks.get(source), load: [...loads][0] }))
      .filter((s) => s.task !== undefined);
    const size = (t: Task | undefined): number => (t ? elementCount(t.type.shape) : 0);
    const [largest] = sources.sort((a, b) => size(b.task) - size(a.task));
    if (!largest?.task || !largest.load) return rowMajor;
    const sourceOrder = this.orderOf(largest.task.id);
    const depth = (axis: Axis): number =>
      sourceOrder.findIndex((d) => largest.load?.index[d]?.terms.some((t) => t.atom === axis));
    const rank = (index: Index): number =>
      Math.max(-1, ...index.terms.map((t) => (t.atom.kind === 'axis' ? depth(t.atom) : -1)));
    return [...rowMajor].sort((a, b) => rankOf(task, a, rank) - rankOf(task, b, rank) || a - b);
  }
}

const rankOf = (task: Task, d: number, rank: (index: Index) => number): number => {
  const index = task.root.index[d];
  return index ? rank(index) : -1;
};
