import type { ValueId } from '../ir/graph.ts';
import type { Expr } from '../kernel/expr.ts';
import { type Axis, addIndex, type Index, rangeOf, substituteIndex, toIndex } from '../kernel/index-expr.ts';
import type { Kernel, NestKernel, Slot } from '../kernel/nest.ts';
import { placedOffset, scheduleStore } from '../kernel/schedule.ts';
import { childrenOf, fetchesIn, indicesIn, indicesOf, mapChildren, reductionsIn, rewrite } from '../kernel/traverse.ts';
import type { DType } from '../tensor/dtype.ts';
import { sameIndices } from './expr-parts.ts';
import type { Layout } from './layout.ts';
import { mergeNeighbours } from './merge-axes.ts';
import { narrow } from './narrow.ts';

/** What a slot refers to: memory of a value, or a pooled constant. Offsets and sizes in elements. */
export type Reference =
  | { readonly kind: 'buffer'; readonly buffer: ValueId; readonly offset: number; readonly elements: number }
  | { readonly kind: 'pool'; readonly byteOffset: number; readonly offset: number; readonly elements: number };

/** Where a load's source lies. */
export type Source =
  | { readonly kind: 'value'; readonly layout: Layout; readonly elements: number }
  | {
      readonly kind: 'pool';
      readonly byteOffset: number;
      readonly strides: readonly number[];
      readonly elements: number;
    };

export interface WrittenKernel {
  readonly kernel: Kernel;
  readonly arguments: readonly Reference[];
}

/** Loads of one kernel turned into fetches from numbered slots; slots are shared by loads of one source. */
export class SlotTable {
  private readonly slots: { readonly slot: Slot; readonly source: Source; readonly key: string }[] = [];

  add(key: string, name: string, dtype: DType, access: Slot['access'], source: Source): number {
    const found = this.slots.findIndex((s) => s.key === key && s.slot.access === access);
    if (found >= 0) return found;
    this.slots.push({ slot: { name, dtype, access }, source, key });
    return this.slots.length - 1;
  }

  get declared(): readonly Slot[] {
    return this.slots.map((s) => s.slot);
  }

  /** The memory of each slot from its lowest address used, given that lowest element and the number used. */
  reference(slot: number, span: Span): Reference {
    const source = this.slots[slot]?.source;
    if (!source) throw new Error(`internal: no slot ${slot}`);
    const place = { offset: span.base, elements: span.elements };
    return source.kind === 'value'
      ? { kind: 'buffer', buffer: source.layout.buffer, ...place }
      : { kind: 'pool', byteOffset: source.byteOffset, ...place };
  }

  sourceElements(slot: number): number {
    return this.slots[slot]?.source.elements ?? 0;
  }
}

/** Offset of an element of a source inside its slot, before rebasing. */
export const offsetIn = (source: Source, index: readonly Index[]): Index =>
  source.kind === 'value'
    ? placedOffset({ slot: 0, offset: source.layout.offset, strides: source.layout.strides }, index)
    : placedOffset({ slot: 0, offset: 0, strides: source.strides }, index);

/** Replaces loads (and tables) by fetches, in kernel types. */
export function placeInSlots(
  e: Expr,
  slots: SlotTable,
  sourceOf: (id: ValueId) => { readonly source: Source; readonly name: string; readonly dtype: DType },
  tableOf: (values: readonly number[], dtype: 'float32' | 'int32') => Source,
): Expr {
  const memo = new Map<Expr, Expr>();
  const go = (x: Expr): Expr => {
    const known = memo.get(x);
    if (known) return known;
    const mapped = mapChildren(x, go);
    const placed = ((): Expr => {
      if (mapped.kind === 'load') {
        const { source, name, dtype } = sourceOf(mapped.source);
        const slot = slots.add(`value ${mapped.source}`, name, dtype, 'read', source);
        const { guards, fill } = mapped;
        return { kind: 'fetch', dtype: mapped.dtype, slot, offset: offsetIn(source, mapped.index), guards, fill };
      }
      if (mapped.kind === 'table') {
        const source = tableOf(mapped.values, mapped.dtype);
        const slot = slots.add(`table ${mapped.dtype} ${mapped.values.join()}`, 'table', mapped.dtype, 'read', source);
        return { kind: 'fetch', dtype: mapped.dtype, slot, offset: mapped.index, guards: [], fill: 0 };
      }
      return mapped;
    })();
    memo.set(x, placed);
    return placed;
  };
  return narrow(go(e));
}

/** Elements of a slot that a kernel may touch. */
export interface Span {
  readonly base: number;
  readonly elements: number;
}

/** Span of each slot: from the lowest to the highest element of its indices; all of it where guards decide at run time. */
export function spansOf(
  slots: SlotTable,
  indices: readonly { slot: number; offset: Index; guarded: boolean }[],
): Span[] {
  return slots.declared.map((_, slot) => {
    const own = indices.filter((i) => i.slot === slot);
    if (own.length === 0 || own.some((i) => i.guarded)) return { base: 0, elements: slots.sourceElements(slot) };
    const ranges = own.map((i) => rangeOf(i.offset));
    const base = Math.min(...ranges.map((r) => r.min));
    return { base, elements: Math.max(...ranges.map((r) => r.max)) - base + 1 };
  });
}

export const rebaseFetches = (e: Expr, spans: readonly Span[]): Expr =>
  rewrite(
    e,
    (axis) => axis,
    (leaf) =>
      leaf.kind === 'fetch' ? { ...leaf, offset: addIndex(leaf.offset, -(spans[leaf.slot]?.base ?? 0)) } : leaf,
  );

export const strideOf = (index: Index, axis: Axis): number => index.terms.find((t) => t.atom === axis)?.factor ?? 0;

/** Largest stride first; equal ones keep their order. */
export const byStride = (axes: readonly Axis[], index: Index): Axis[] =>
  [...axes].sort((a, b) => Math.abs(strideOf(index, b)) - Math.abs(strideOf(index, a)));

/** Loops over the store's strides, neighbours merged, axes of one point dropped. */
export function writeNest(
  name: string,
  slots: SlotTable,
  axes: readonly Axis[],
  store: Index,
  value: Expr,
): WrittenKernel {
  const single = (axis: Axis): Index | Axis => (axis.extent.size === 1 ? toIndex(0) : axis);
  const offset = substituteIndex(store, single, (e) => e);
  const simple = dropSingleReductions(rewrite(value, single));
  const order = byStride(
    axes.filter((axis) => axis.extent.size !== 1),
    offset,
  );
  const loops = mergeNeighbours(order, [offset, ...indicesIn(simple)]);
  const merged = mergeReductions(mapIndices(simple, loops.replace));
  const outer = loops.replace(offset);
  const spans = spansOf(slots, [
    { slot: 0, offset: outer, guarded: false },
    ...fetchesIn(merged).map((f) => ({ slot: f.slot, offset: f.offset, guarded: f.guards.length > 0 })),
  ]);
  const body = scheduleStore(loops.axes, rebaseFetches(merged, spans), 0, addIndex(outer, -(spans[0]?.base ?? 0)));
  const kernel: NestKernel = { kind: 'nest', name, slots: slots.declared, body };
  return { kernel, arguments: spans.map((span, slot) => slots.reference(slot, span)) };
}

function dropSingleReductions(e: Expr): Expr {
  const memo = new Map<Expr, Expr>();
  const go = (x: Expr): Expr => {
    const known = memo.get(x);
    if (known) return known;
    const mapped = mapChildren(x, go);
    const result =
      mapped.kind === 'reduce'
        ? ((): Expr => {
            const axes = mapped.axes.filter((axis) => axis.extent.size !== 1);
            return axes.length === 0 ? mapped.body : { ...mapped, axes };
          })()
        : mapped;
    memo.set(x, result);
    return result;
  };
  return go(e);
}

/** Reduction axes in the order of the largest strides they run through, neighbours merged. */
function mergeReductions(e: Expr): Expr {
  let current = e;
  for (let i = 0; ; i++) {
    const target = reductionsIn(current)[i];
    if (!target) return current;
    const weight = (axis: Axis): number =>
      Math.max(...fetchesIn(target.body).map((f) => Math.abs(strideOf(f.offset, axis))), 0);
    const order = [...target.axes].sort((a, b) => weight(b) - weight(a));
    const merged = mergeNeighbours(order, indicesIn(target.body));
    const body = mapIndices(target.body, merged.replace, new Set(order));
    current = replaceExpr(current, target, { ...target, axes: merged.axes, body });
  }
}

function replaceExpr(e: Expr, from: Expr, to: Expr, memo: Map<Expr, Expr> = new Map()): Expr {
  if (e === from) return to;
  const known = memo.get(e);
  if (known) return known;
  const mapped = mapChildren(e, (child) => replaceExpr(child, from, to, memo));
  memo.set(e, mapped);
  return mapped;
}

/** True when neither children nor indices differ: what is shared stays shared. */
function isUnchanged(before: Expr, after: Expr): boolean {
  const [children, mapped] = [childrenOf(before), childrenOf(after)];
  return children.every((child, i) => child === mapped[i]) && sameIndices(indicesOf(before), indicesOf(after));
}

/**
 * Rewrites the fetches, guards and index values of an expression; only for rewrites that keep every index's value.
 * Reductions that bind one of `scope` again are left alone.
 */
export function mapIndices(e: Expr, replace: (index: Index) => Index, scope: ReadonlySet<Axis> = new Set()): Expr {
  const memo = new Map<Expr, Expr>();
  const go = (x: Expr): Expr => {
    const known = memo.get(x);
    if (known) return known;
    if (x.kind === 'reduce' && x.axes.some((axis) => scope.has(axis))) return x;
    const mapped = mapChildren(x, go);
    const replaced = ((): Expr => {
      switch (mapped.kind) {
        case 'fetch':
          return {
            ...mapped,
            offset: replace(mapped.offset),
            guards: mapped.guards.map((g) => ({ index: replace(g.index), extent: g.extent })),
          };
        case 'index':
          return { ...mapped, index: replace(mapped.index) };
        default:
          return mapped;
      }
    })();
    const result = isUnchanged(x, replaced) ? x : replaced;
    memo.set(x, result);
    return result;
  };
  return go(e);
}
