import type { Expr, ReduceExpr } from './expr.ts';
import { type Axis, addIndex } from './index-expr.ts';
import type { Meaning } from './meaning.ts';
import { freeAxes, mapChildren } from './traverse.ts';

/** A meaning whose inner reductions are loads of `parts`, each to be computed into a buffer of its own, in order. */
export interface SplitMeaning {
  readonly parts: readonly { readonly source: number; readonly meaning: Meaning }[];
  readonly meaning: Meaning;
}

/**
 * Takes out every reduction that depends on the axes of a reduction around it (the scores inside an attention), since
 * no loop nest could hold it without computing it again and again.
 */
export function splitReductions(meaning: Meaning, freshSource: () => number): SplitMeaning {
  const parts: { source: number; meaning: Meaning }[] = [];
  const loads = new Map<ReduceExpr, Expr>();
  const axesOf = new Map<Expr, ReadonlySet<Axis>>();

  const takeOut = (e: ReduceExpr): Expr => {
    const known = loads.get(e);
    if (known) return known;
    const axes = [...freeAxes(e, axesOf)];
    const value = walkAll(e);
    const source = freshSource();
    parts.push({ source, meaning: { axes, value } });
    const index = axes.map((axis) => addIndex(axis));
    const load: Expr = { kind: 'load', dtype: e.dtype, source, index, guards: [], fill: 0 };
    loads.set(e, load);
    return load;
  };

  const walkAll = (e: Expr): Expr => {
    const memos = new Map<ReduceExpr | undefined, Map<Expr, Expr>>();
    const walk = (e: Expr, around: ReduceExpr | undefined): Expr => {
      const memo = memos.get(around) ?? new Map<Expr, Expr>();
      memos.set(around, memo);
      const known = memo.get(e);
      if (known) return known;
      const pinned = e.kind === 'reduce' && around?.axes.some((axis) => freeAxes(e, axesOf).has(axis));
      const mergeable = e.kind === 'reduce' && around?.body === e && around.op === e.op;
      const inner = e.kind === 'reduce' ? e : around;
      const result =
        e.kind === 'reduce' && pinned && !mergeable ? takeOut(e) : mapChildren(e, (child) => walk(child, inner));
      memo.set(e, result);
      return result;
    };
    return walk(e, undefined);
  };

  const value = walkAll(meaning.value);
  return { parts, meaning: { axes: meaning.axes, value } };
}
