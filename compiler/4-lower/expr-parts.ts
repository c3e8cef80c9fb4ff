import type { ValueId } from '../ir/graph.ts';
import type { Expr, LoadExpr } from '../kernel/expr.ts';
import { type Index, sameIndex, toIndex } from '../kernel/index-expr.ts';
import { childrenOf, partsOf, reductionsIn } from '../kernel/traverse.ts';

/** Loads by source, each distinct object once. */
export function loadsOf(e: Expr): Map<ValueId, Set<LoadExpr>> {
  const found = new Map<ValueId, Set<LoadExpr>>();
  for (const part of partsOf(e))
    if (part.kind === 'load') found.set(part.source, (found.get(part.source) ?? new Set()).add(part));
  return found;
}

export const hasReduction = (e: Expr): boolean => reductionsIn(e).length > 0;

export const isInsideReduction = (e: Expr, l: LoadExpr): boolean =>
  reductionsIn(e).some((r) => loadsOf(r.body).get(l.source)?.has(l) ?? false);

/** Cheap enough to repeat: a handful of native operations. */
export function isLight(e: Expr): boolean {
  let cost = 0;
  const walk = (x: Expr): void => {
    if (x.kind === 'reduce') cost += 100;
    if (x.kind === 'unary') cost += x.op === 'neg' || x.op === 'abs' ? 1 : 10;
    if (x.kind === 'binary') cost += x.op === 'pow' || x.op === 'atan2' || x.op === 'div' ? 10 : 1;
    if (x.kind === 'select') cost += 1;
    for (const child of childrenOf(x)) walk(child);
  };
  walk(e);
  return cost <= 4;
}

/** How many different indices the loads have. */
export function distinctIndices(loads: readonly LoadExpr[]): number {
  const distinct: LoadExpr[] = [];
  for (const l of loads) if (!distinct.some((o) => sameIndices(o.index, l.index))) distinct.push(l);
  return distinct.length;
}

export const sameIndices = (a: readonly Index[], b: readonly Index[]): boolean =>
  a.length === b.length && a.every((i, d) => sameIndex(i, b[d] ?? toIndex(0)));

/** Every guard is the bounds of a dimension of the value read, whose sizes are given. */
export const hasOnlyBounds = (l: LoadExpr, sizes: readonly number[]): boolean =>
  l.guards.every((g) => l.index.some((i, d) => g.extent === sizes[d] && sameIndex(i, g.index)));
