import type { ValueId } from '../ir/graph.ts';
import type { LoadExpr } from '../kernel/expr.ts';
import { type Axis, makeAxis, rangeOf, toIndex } from '../kernel/index-expr.ts';
import { freeAxes, rewrite } from '../kernel/traverse.ts';
import type { Shape } from '../tensor/shape.ts';
import { shapeOf, sizesOf } from '../tensor/shape.ts';
import type { TensorType } from '../tensor/tensor.ts';
import { type Contraction, dimensionOf, groupedDimensions, recogniseContraction } from './contraction.ts';
import { hasOnlyBounds, loadsOf } from './expr-parts.ts';
import type { Root } from './fuse.ts';

/** Elements kept zero around a value, before and after, per dimension: the zero padding of the convolutions that read it. */
export type Halo = readonly { readonly before: number; readonly after: number }[];

/** One kernel to write, and the memory its value asks for. */
export interface Task {
  readonly id: ValueId;
  readonly name: string;
  readonly type: TensorType;
  readonly root: Omit<Root, 'node' | 'value'>;
  readonly contraction: Contraction | undefined;
  /** operands, for a concat: where each begins along the axis */
  readonly pieces: readonly { readonly source: ValueId; readonly start: number; readonly axis: number }[];
}

export interface Plan {
  readonly tasks: readonly Task[];
  readonly halos: ReadonlyMap<ValueId, Halo>;
  /** dimension that a reader needs innermost */
  readonly innermost: ReadonlyMap<ValueId, number>;
}

export interface PlanContext {
  readonly typeOf: (id: ValueId) => TensorType;
  readonly isConstant: (id: ValueId) => boolean;
  /** A constant of whole numbers from -127 to 127. */
  readonly isOfCodes: (id: ValueId) => boolean;
  /** Inputs and outputs: row-major, without halo. */
  readonly isFixed: (id: ValueId) => boolean;
  readonly freshId: () => ValueId;
}

/**
 * Finds the contractions among the roots and what they ask of the values they read: zero halos instead of bounds
 * checks, channels innermost for depthwise convolutions. A fixed value that cannot oblige is copied first, and so is a
 * live right-hand operand whose columns are not contiguous.
 */
export function planTasks(roots: readonly Root[], context: PlanContext): Plan {
  const planner = new Planner(roots, context);
  for (const root of roots) planner.add(root);
  return planner.finish();
}

class Planner {
  private readonly tasks: Task[] = [];
  private readonly halos = new Map<ValueId, Halo>();
  private readonly innermost = new Map<ValueId, number>();
  private readonly copies = new Map<ValueId, ValueId[]>();
  private readonly readers = new Map<ValueId, number>();
  private readonly computed: ReadonlySet<ValueId>;
  private readonly types = new Map<ValueId, TensorType>();
  private readonly context: PlanContext;

  constructor(roots: readonly Root[], context: PlanContext) {
    this.context = context;
    this.computed = new Set(roots.filter((r) => r.kind === 'computed').map((r) => r.value.id));
    for (const root of roots) {
      const sources = root.kind === 'concat' ? root.node.inputs : loadsOf(root.expr).keys();
      for (const source of sources) this.readers.set(source, (this.readers.get(source) ?? 0) + 1);
    }
  }

  add(root: Root): void {
    const { value, node, ...rest } = root;
    const task = { id: value.id, name: root.fused.join('+'), type: value.type, root: rest };
    if (root.kind === 'concat') {
      this.tasks.push({ ...task, contraction: undefined, pieces: this.piecesOf(root) });
      return;
    }
    const found = recogniseContraction(root.axes, root.expr, this.context.isConstant);
    this.tasks.push({ ...task, contraction: found && this.prepare(found), pieces: [] });
  }

  finish(): Plan {
    return { tasks: this.tasks, halos: this.halos, innermost: this.innermost };
  }

  private typeOf(id: ValueId): TensorType {
    return this.types.get(id) ?? this.context.typeOf(id);
  }

  private piecesOf(root: Root): Task['pieces'] {
    const axis = Number(root.node.attributes.axis);
    let start = 0;
    return root.node.inputs.map((source) => {
      const piece = { source, start, axis };
      start += this.typeOf(source).shape[axis]?.size ?? 0;
      return piece;
    });
  }

  /**
   * The contraction with operands that have what it needs; undefined when its padding cannot become a halo, or its
   * quantised operand has no groups of four.
   */
  private prepare(c: Contraction): Contraction | undefined {
    let { a, b } = c;
    const groupedDim = c.quantization && this.groupedDimension(c);
    const hasCodes = c.inverseScaleOfB !== undefined || this.context.isOfCodes(b.source);
    if (c.quantization && (groupedDim === undefined || !hasCodes)) return undefined;
    const channelDim = c.form === 'channelwise' ? dimensionOf(a, c.n) : groupedDim;
    if (a.guards.length > 0 || channelDim !== undefined) {
      if (this.context.isConstant(a.source) || !hasOnlyBounds(a, sizesOf(this.typeOf(a.source).shape)))
        return undefined;
      const conflict = channelDim !== undefined && (this.innermost.get(a.source) ?? channelDim) !== channelDim;
      const isInPlace = groupedDim === a.index.length - 1 && a.guards.length === 0;
      if ((this.context.isFixed(a.source) && !isInPlace) || conflict)
        a = { ...a, source: this.copyOf(a.source, channelDim) };
      if (a.guards.length > 0) this.requestHalo(a);
      if (channelDim !== undefined) this.innermost.set(a.source, channelDim);
      a = { ...a, guards: [] };
    }
    if (!this.context.isConstant(b.source)) b = this.liveOperand(c, b);
    return { ...c, a, b };
  }

  /** The dimension of a quantised operand to keep innermost: what others need, or its producer writes, comes first. */
  private groupedDimension(c: Contraction): number | undefined {
    const possible = groupedDimensions(c);
    const producer = this.tasks.find((task) => task.id === c.a.source);
    const wanted = [this.innermost.get(c.a.source), producer && dimensionOfColumns(producer)];
    return wanted.find((d) => d !== undefined && possible.includes(d)) ?? possible[0];
  }

  private requestHalo(a: LoadExpr): void {
    const sizes = sizesOf(this.typeOf(a.source).shape);
    const known = this.halos.get(a.source);
    const halo = sizes.map((size, d) => {
      const { min, max } = rangeOf(a.index[d] ?? toIndex(0));
      return {
        before: Math.max(known?.[d]?.before ?? 0, -min),
        after: Math.max(known?.[d]?.after ?? 0, max - (size - 1)),
      };
    });
    this.halos.set(a.source, halo);
  }

  /** Columns must be contiguous: ask the producer for that when nobody else reads its value, else copy. */
  private liveOperand(c: Contraction, b: LoadExpr): LoadExpr {
    const dimension = dimensionOf(b, c.n);
    const rank = b.index.length;
    if (dimension === rank - 1 && this.innermost.get(b.source) === undefined) {
      this.innermost.set(b.source, dimension);
      return b;
    }
    if (dimension !== undefined && this.innermost.get(b.source) === dimension) return b;
    const isOurs = this.computed.has(b.source) && !this.context.isFixed(b.source);
    if (dimension !== undefined && isOurs && this.readers.get(b.source) === 1 && !this.innermost.has(b.source)) {
      this.innermost.set(b.source, dimension);
      return b;
    }
    return this.gather(b, [...c.batch, ...c.k, c.n]);
  }

  /** A copy of a value that can have a halo, and `innermost` as its innermost dimension where that is asked for. */
  private copyOf(source: ValueId, innermost: number | undefined): ValueId {
    const known = this.copies.get(source) ?? [];
    const fits = (id: ValueId): boolean => (this.innermost.get(id) ?? innermost) === innermost;
    const found = known.find((id) => innermost === undefined || fits(id));
    if (found !== undefined) return found;
    const { dtype, shape } = this.typeOf(source);
    const axes = shape.map((d, i) => makeAxis(`d${i}`, d));
    const load: LoadExpr = { kind: 'load', dtype, source, index: axes.map(toIndex), guards: [], fill: 0 };
    const id = this.pushCopy({ dtype, shape }, axes, load);
    this.copies.set(source, [...known, id]);
    return id;
  }

  /** A copy of exactly the elements that `load` takes over `order`, row-major in that order. */
  private gather(load: LoadExpr, order: readonly Axis[]): LoadExpr {
    const free = freeAxes(load);
    const used = order.filter((axis) => free.has(axis));
    const fresh = new Map(used.map((axis) => [axis, makeAxis(axis.name, axis.extent)]));
    const moved = rewrite(load, (axis) => fresh.get(axis) ?? axis);
    if (moved.kind !== 'load') throw new Error('internal: a load became something else');
    const shape: Shape = shapeOf(used.map((axis) => axis.extent.size));
    const id = this.pushCopy({ dtype: load.dtype, shape }, [...fresh.values()], moved);
    this.innermost.set(id, used.length - 1);
    return { ...load, source: id, index: used.map(toIndex), guards: [] };
  }

  private pushCopy(type: TensorType, axes: readonly Axis[], load: LoadExpr): ValueId {
    const id = this.context.freshId();
    const root = { kind: 'computed' as const, axes, index: axes.map(toIndex), expr: load, fused: ['copy'] };
    this.tasks.push({ id, name: 'copy', type, root, contraction: undefined, pieces: [] });
    this.types.set(id, type);
    return id;
  }
}

/** The dimension along which the producing contraction's columns run. */
export function dimensionOfColumns(task: Task): number | undefined {
  const n = task.contraction?.n;
  if (!n) return undefined;
  const d = task.root.index.findIndex((i) => i.terms.some((t) => t.atom === n && t.factor === 1));
  return d < 0 ? undefined : d;
}
