import {
  alwaysHolds,
  type Expr,
  type FetchExpr,
  type Guard,
  type LoadExpr,
  type LocalExpr,
  type ReduceExpr,
} from './expr.ts';
import { type Axis, type Index, type Indexable, substituteIndex, visitIndex } from './index-expr.ts';

/** Every index that `e` itself holds: offsets first, then guards. */
export function indicesOf(e: Expr): readonly Index[] {
  switch (e.kind) {
    case 'load':
      return [...e.index, ...e.guards.map((g) => g.index)];
    case 'fetch':
      return [e.offset, ...e.guards.map((g) => g.index)];
    case 'index':
    case 'table':
      return [e.index];
    default:
      return [];
  }
}

/** Expressions directly below `e`, those inside index values included. */
export function childrenOf(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'const':
    case 'local':
      return [];
    case 'load':
    case 'fetch':
    case 'index':
    case 'table':
      return valuesIn(indicesOf(e));
    case 'unary':
    case 'cast':
      return [e.x];
    case 'binary':
      return [e.a, e.b];
    case 'select':
      return [e.cond, e.a, e.b];
    case 'reduce':
      return [e.body];
    default:
      return e satisfies never;
  }
}

/** Expressions that indices look up, those inside div and mod included. */
export function valuesIn(indices: readonly Index[]): Expr[] {
  const values: Expr[] = [];
  for (const index of indices)
    visitIndex(
      index,
      () => {},
      (value) => values.push(value),
    );
  return values;
}

/** `roots` and all expressions inside them, each once, parents first. */
export function partsOf(...roots: readonly Expr[]): readonly Expr[] {
  const parts = new Set<Expr>();
  const visit = (part: Expr): void => {
    if (parts.has(part)) return;
    parts.add(part);
    for (const child of childrenOf(part)) visit(child);
  };
  for (const root of roots) visit(root);
  return [...parts];
}

export const indicesIn = (e: Expr): readonly Index[] => partsOf(e).flatMap(indicesOf);

export const fetchesIn = (...roots: readonly Expr[]): readonly FetchExpr[] =>
  partsOf(...roots).filter((part) => part.kind === 'fetch');

export const reductionsIn = (e: Expr): readonly ReduceExpr[] => partsOf(e).filter((part) => part.kind === 'reduce');

/** Axes used directly by the indices of `e` itself, not by its children. */
function ownAxes(e: Expr): Axis[] {
  const axes: Axis[] = [];
  for (const index of indicesOf(e))
    visitIndex(
      index,
      (axis) => axes.push(axis),
      () => {},
    );
  return axes;
}

/** Axes an expression depends on, those it reduces over excluded. Memoised in `memo` across one walk. */
export function freeAxes(e: Expr, memo: Map<Expr, ReadonlySet<Axis>> = new Map()): ReadonlySet<Axis> {
  const known = memo.get(e);
  if (known) return known;
  const axes = new Set(ownAxes(e));
  for (const child of childrenOf(e)) for (const a of freeAxes(child, memo)) axes.add(a);
  if (e.kind === 'reduce') for (const a of e.axes) axes.delete(a);
  memo.set(e, axes);
  return axes;
}

export const dependsOn = (e: Expr, axis: Axis): boolean => freeAxes(e).has(axis);

/** The same expression with every expression directly below it replaced, index values included. */
export const mapChildren = (e: Expr, go: (child: Expr) => Expr): Expr => mapParts(e, (axis) => axis, go);

function mapParts(e: Expr, axis: (a: Axis) => Indexable, go: (child: Expr) => Expr): Expr {
  const goIndex = (i: Index): Index => substituteIndex(i, axis, go);
  const goGuards = (guards: readonly Guard[]): Guard[] =>
    guards.map((g) => ({ index: goIndex(g.index), extent: g.extent })).filter((g) => !alwaysHolds(g));
  switch (e.kind) {
    case 'const':
    case 'local':
      return e;
    case 'load':
      return { ...e, index: e.index.map(goIndex), guards: goGuards(e.guards) };
    case 'fetch':
      return { ...e, offset: goIndex(e.offset), guards: goGuards(e.guards) };
    case 'index':
    case 'table':
      return { ...e, index: goIndex(e.index) };
    case 'unary':
    case 'cast':
      return { ...e, x: go(e.x) };
    case 'binary':
      return { ...e, a: go(e.a), b: go(e.b) };
    case 'select':
      return { ...e, cond: go(e.cond), a: go(e.a), b: go(e.b) };
    case 'reduce':
      return { ...e, body: go(e.body) };
    default:
      return e satisfies never;
  }
}

/** Rebuilds an expression bottom-up; shared parts stay shared. `axis` renames axes, `leaf` may replace loads, fetches and locals. */
export function rewrite(
  e: Expr,
  axis: (a: Axis) => Indexable,
  leaf: (e: LoadExpr | FetchExpr | LocalExpr) => Expr = (x) => x,
  memo: Map<Expr, Expr> = new Map(),
): Expr {
  const known = memo.get(e);
  if (known) return known;
  const mapped = mapParts(e, axis, (child) => rewrite(child, axis, leaf, memo));
  const rebuilt = mapped.kind === 'load' || mapped.kind === 'fetch' || mapped.kind === 'local' ? leaf(mapped) : mapped;
  memo.set(e, rebuilt);
  return rebuilt;
}
