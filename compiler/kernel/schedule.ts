import type { Expr, ReduceExpr } from './expr.ts';
import { type Axis, addIndex, type Index, scaleIndex } from './index-expr.ts';
import { structuralKey } from './key.ts';
import type { Meaning } from './meaning.ts';
import type { NestKernel, Slot, Stmt } from './nest.ts';
import { childrenOf, freeAxes, mapChildren, reductionsIn } from './traverse.ts';

/** Where a tensor's elements lie in a slot: element [i0, i1, ...] at offset + sum of i * stride. */
export interface Placement {
  readonly slot: number;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Flat offset of one element. */
export const placedOffset = (placement: Placement, index: readonly Index[]): Index =>
  addIndex(placement.offset, ...index.map((i, d) => scaleIndex(i, placement.strides[d] ?? 0)));

/** Replaces every load by a fetch from where its source lies. */
export function placeLoads(
  e: Expr,
  placementOf: (source: number) => Placement,
  memo: Map<Expr, Expr> = new Map(),
): Expr {
  const known = memo.get(e);
  if (known) return known;
  const mapped = mapChildren(e, (child) => placeLoads(child, placementOf, memo));
  const placed: Expr =
    mapped.kind === 'load'
      ? {
          kind: 'fetch',
          dtype: mapped.dtype,
          slot: placementOf(mapped.source).slot,
          offset: placedOffset(placementOf(mapped.source), mapped.index),
          guards: mapped.guards,
          fill: mapped.fill,
        }
      : mapped;
  memo.set(e, placed);
  return placed;
}

/** One kernel for one meaning; `axes` is the loop order wanted (default: the meaning's own). */
export function nestOfMeaning(
  name: string,
  slots: readonly Slot[],
  meaning: Meaning,
  placementOf: (source: number) => Placement,
  output: Placement,
  axes: readonly Axis[] = meaning.axes,
): NestKernel {
  const offset = placedOffset(
    output,
    meaning.axes.map((axis) => addIndex(axis)),
  );
  return {
    kind: 'nest',
    name,
    slots,
    body: scheduleStore(axes, placeLoads(meaning.value, placementOf), output.slot, offset),
  };
}

/**
 * The loop nest that stores `value` for every point of `axes` (outermost first). Each reduction, and each computation
 * that does not vary in the inner loops, is placed in the outermost loop that binds what it depends on. Axes that every
 * reduction depends on move outward, so that no reduction is repeated for axes it does not see.
 */
export function scheduleStore(axes: readonly Axis[], value: Expr, slot: number, offset: Index): Stmt[] {
  const flat = flattenReductions(value);
  const order = reductionOrder(axes, flat);
  const placer = new Placer(order);
  const stored = placer.place(flat, order.length, placer.insideOf([]));
  let body: Stmt[] = [...placer.statementsAt(order.length), { kind: 'store', slot, offset, value: stored }];
  for (let level = order.length - 1; level >= 0; level--) {
    const axis = order[level];
    if (axis === undefined) continue;
    body = [...placer.statementsAt(level), { kind: 'loop', axis, body }];
  }
  return body;
}

function reductionOrder(axes: readonly Axis[], value: Expr): Axis[] {
  const memo = new Map<Expr, ReadonlySet<Axis>>();
  const reductions = reductionsIn(value).map((r) => freeAxes(r, memo));
  const shared = axes.filter((axis) => reductions.every((free) => free.has(axis)));
  return reductions.length === 0 ? [...axes] : [...shared, ...axes.filter((axis) => !shared.includes(axis))];
}

/** A sum directly over a sum (or max over max, ...) is one reduction over both lists of axes. */
function flattenReductions(e: Expr, memo: Map<Expr, Expr> = new Map()): Expr {
  const known = memo.get(e);
  if (known) return known;
  const mapped = mapChildren(e, (child) => flattenReductions(child, memo));
  const flat: Expr =
    mapped.kind === 'reduce' && mapped.body.kind === 'reduce' && mapped.body.op === mapped.op
      ? { ...mapped, axes: [...mapped.axes, ...mapped.body.axes], body: mapped.body.body }
      : mapped;
  memo.set(e, flat);
  return flat;
}

class Placer {
  private readonly levels: Stmt[][];
  private readonly locals = new Map<Expr, Expr>();
  private readonly scopes: { readonly axes: readonly Axis[]; readonly inside: ReadonlySet<Axis> }[] = [];
  private readonly rebuilt = new Map<ReadonlySet<Axis>, Map<number, Map<Expr, Expr>>>();
  private readonly axesOf = new Map<Expr, ReadonlySet<Axis>>();
  private readonly depth: ReadonlyMap<Axis, number>;
  private readonly order: readonly Axis[];
  private readonly bound = new Map<string, string>();
  private count = 0;

  constructor(order: readonly Axis[]) {
    this.order = order;
    this.depth = new Map(order.map((axis, i) => [axis, i + 1]));
    this.levels = Array.from({ length: order.length + 1 }, () => []);
  }

  statementsAt(level: number): readonly Stmt[] {
    return this.levels[level] ?? [];
  }

  /** The scope of a reduction: one object per list of axes, so that reductions over the same axes share what they compute. */
  insideOf(axes: readonly Axis[]): ReadonlySet<Axis> {
    const known = this.scopes.find((s) => sameAxes(s.axes, axes));
    if (known) return known.inside;
    const inside = new Set(axes);
    this.scopes.push({ axes, inside });
    return inside;
  }

  /** Rebuilds `e` for use at `scope`, inside reductions over `inside`; what can move outward becomes a local there. */
  place(e: Expr, scope: number, inside: ReadonlySet<Axis>): Expr {
    const local = this.locals.get(e);
    if (local) return local;
    const free = freeAxes(e, this.axesOf);
    const pinned = [...free].some((axis) => inside.has(axis));
    const level = Math.max(0, ...[...free].map((axis) => this.depth.get(axis) ?? 0));
    if (e.kind === 'reduce') {
      if (pinned) throw new Error('internal: a reduction depends on the axes of the reduction around it');
      return this.placeReduction(e, level);
    }
    if (!pinned && (level < scope || inside.size > 0) && isWorth(e)) {
      const value = mapChildren(e, (child) => this.place(child, level, this.insideOf([])));
      return this.bind(e, level, this.keyOf(level, value), (name) => ({ kind: 'let', name, value }));
    }
    const levels = this.rebuilt.get(inside) ?? new Map<number, Map<Expr, Expr>>();
    this.rebuilt.set(inside, levels);
    const memo = levels.get(scope) ?? new Map<Expr, Expr>();
    levels.set(scope, memo);
    const known = memo.get(e);
    if (known) return known;
    const result = mapChildren(e, (child) => this.place(child, scope, inside));
    memo.set(e, result);
    return result;
  }

  private placeReduction(e: ReduceExpr, level: number): Expr {
    const body = this.place(e.body, level, this.insideOf(e.axes));
    const key = this.keyOf(level, { ...e, body });
    const same = this.bound.get(key);
    if (same !== undefined) return this.remember(e, same);
    const statements = this.levels[level];
    const last = statements?.at(-1);
    if (
      statements &&
      last?.kind === 'reduce' &&
      sameAxes(last.axes, e.axes) &&
      !readsAny(
        body,
        last.folds.map((f) => f.name),
      )
    ) {
      const name = this.nextName();
      statements[statements.length - 1] = { ...last, folds: [...last.folds, { name, dtype: e.dtype, op: e.op, body }] };
      this.bound.set(key, name);
      return this.remember(e, name);
    }
    return this.bind(e, level, key, (name) => ({
      kind: 'reduce',
      axes: e.axes,
      folds: [{ name, dtype: e.dtype, op: e.op, body }],
    }));
  }

  /** Equal for values that are the same at one level, though their objects differ: softmax spells its maximum twice. */
  private keyOf(level: number, placed: Expr): string {
    return structuralKey([level, this.order, placed]);
  }

  private bind(e: Expr, level: number, key: string, make: (name: string) => Stmt): Expr {
    const same = this.bound.get(key);
    if (same !== undefined) return this.remember(e, same);
    const name = this.nextName();
    this.levels[level]?.push(make(name));
    this.bound.set(key, name);
    return this.remember(e, name);
  }

  private remember(e: Expr, name: string): Expr {
    const local: Expr = { kind: 'local', dtype: e.dtype, name };
    this.locals.set(e, local);
    return local;
  }

  private nextName(): string {
    return `t${this.count++}`;
  }
}

const sameAxes = (a: readonly Axis[], b: readonly Axis[]): boolean =>
  a.length === b.length && a.every((axis, i) => axis === b[i]);

function readsAny(e: Expr, names: readonly string[]): boolean {
  return (e.kind === 'local' && names.includes(e.name)) || childrenOf(e).some((child) => readsAny(child, names));
}

/** Work that is worth a local when it can move outward: anything that computes. */
function isWorth(e: Expr): boolean {
  switch (e.kind) {
    case 'unary':
    case 'select':
      return true;
    case 'binary':
      return true;
    case 'cast':
      return isWorth(e.x);
    default:
      return false;
  }
}
