import type { Expr } from '../../compiler/kernel/expr.ts';
import { type Axis, type Index, visitIndex } from '../../compiler/kernel/index-expr.ts';
import { childrenOf, indicesOf } from '../../compiler/kernel/traverse.ts';

/** What a value depends on: axes, and locals by name. */
export type Dependence = ReadonlySet<Axis | string>;

const nothing: Dependence = new Set();

/** Answers, and remembers, what expressions and indices of one kernel depend on. */
export class Dependences {
  readonly #ofExpr = new Map<Expr, Dependence>();
  readonly #ids = new Map<object, number>();
  readonly #reads = new Map<Expr, boolean>();
  readonly #uses = new Map<Expr, number>();

  /** Counts the uses of every part of `root`, so that parts used twice get a local. */
  count(root: Expr): void {
    const seen = this.#uses.get(root) ?? 0;
    this.#uses.set(root, seen + 1);
    if (seen === 0) for (const child of childrenOf(root)) this.count(child);
  }

  isShared(e: Expr): boolean {
    return (this.#uses.get(e) ?? 0) > 1;
  }

  of(e: Expr): Dependence {
    const known = this.#ofExpr.get(e);
    if (known) return known;
    const found = new Set<Axis | string>();
    if (e.kind === 'local') found.add(e.name);
    this.#collect(indicesOf(e), found);
    for (const child of childrenOf(e)) for (const d of this.of(child)) found.add(d);
    const result = found.size === 0 ? nothing : found;
    this.#ofExpr.set(e, result);
    return result;
  }

  ofIndex(index: Index): Dependence {
    const found = new Set<Axis | string>();
    this.#collect([index], found);
    return found;
  }

  #collect(indices: readonly Index[], found: Set<Axis | string>): void {
    for (const index of indices) {
      visitIndex(
        index,
        (axis) => found.add(axis),
        (e) => {
          for (const d of this.of(e)) found.add(d);
        },
      );
    }
  }

  /** Whether `e` fetches from one of `slots`. */
  reads(e: Expr, slots: ReadonlySet<number>): boolean {
    if (slots.size === 0) return false;
    const known = this.#reads.get(e);
    if (known !== undefined) return known;
    const found = (e.kind === 'fetch' && slots.has(e.slot)) || childrenOf(e).some((child) => this.reads(child, slots));
    this.#reads.set(e, found);
    return found;
  }

  id(thing: object): number {
    const known = this.#ids.get(thing);
    if (known !== undefined) return known;
    this.#ids.set(thing, this.#ids.size);
    return this.#ids.size - 1;
  }
}
