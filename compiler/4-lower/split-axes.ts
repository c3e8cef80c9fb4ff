import type { Expr } from '../kernel/expr.ts';
import { type Axis, addIndex, type Index, makeAxis, scaleIndex, substituteIndex } from '../kernel/index-expr.ts';
import { childrenOf, indicesOf, mapChildren, rewrite } from '../kernel/traverse.ts';
import { dim } from '../tensor/shape.ts';

/** An element expression over loop axes, and the index of each output dimension over the same axes. */
export interface IndexedValue {
  readonly axes: readonly Axis[];
  readonly index: readonly Index[];
  readonly value: Expr;
}

/**
 * Splits axes where an index divides them, i = c * high + low, until reshapes are affine. Divisions of several axes at
 * once, or by a number that does not divide the extent, stay.
 */
export function splitAxes(v: IndexedValue): IndexedValue {
  let current = v;
  for (;;) {
    const cut = findCut(current.value);
    if (!cut) return current;
    const high = makeAxis(`${cut.axis.name}h`, dim(cut.axis.extent.size / cut.by));
    const low = makeAxis(`${cut.axis.name}l`, dim(cut.by));
    const rename = (a: Axis): Index | Axis => (a === cut.axis ? addIndex(scaleIndex(high, cut.by), low) : a);
    current = {
      axes: replaceAxis(current.axes, cut.axis, high, low),
      index: current.index.map((i) => substituteIndex(i, rename, (e) => e)),
      value: splitReductions(rewrite(current.value, rename), cut.axis, high, low),
    };
  }
}

const replaceAxis = (axes: readonly Axis[], axis: Axis, high: Axis, low: Axis): readonly Axis[] =>
  axes.flatMap((a) => (a === axis ? [high, low] : [a]));

function splitReductions(e: Expr, axis: Axis, high: Axis, low: Axis): Expr {
  const memo = new Map<Expr, Expr>();
  const go = (x: Expr): Expr => {
    const known = memo.get(x);
    if (known) return known;
    const mapped = mapChildren(x, go);
    const result = mapped.kind === 'reduce' ? { ...mapped, axes: replaceAxis(mapped.axes, axis, high, low) } : mapped;
    memo.set(x, result);
    return result;
  };
  return go(e);
}

interface Cut {
  readonly axis: Axis;
  readonly by: number;
}

function findCut(e: Expr, seen: Set<Expr> = new Set()): Cut | undefined {
  if (seen.has(e)) return undefined;
  seen.add(e);
  for (const index of indicesOf(e)) {
    const cut = cutOf(index);
    if (cut) return cut;
  }
  for (const child of childrenOf(e)) {
    const cut = findCut(child, seen);
    if (cut) return cut;
  }
  return undefined;
}

/** Where floor(index / by) or its remainder asks to split an axis: f * i with by = f * c becomes by * high + f * low. */
function cutOf(index: Index): Cut | undefined {
  for (const { atom } of index.terms) {
    if (atom.kind !== 'div' && atom.kind !== 'mod') continue;
    for (const { factor, atom: axis } of atom.index.terms) {
      if (axis.kind !== 'axis' || factor <= 0 || atom.by % factor !== 0) continue;
      const by = atom.by / factor;
      if (axis.extent.size > by && axis.extent.size % by === 0) return { axis, by };
    }
    const deeper = cutOf(atom.index);
    if (deeper) return deeper;
  }
  return undefined;
}

/** True when no load of `e` divides axes: every index is affine, or looked up in data. */
export function dividesNothing(e: Expr, seen: Set<Expr> = new Set()): boolean {
  if (seen.has(e)) return true;
  seen.add(e);
  const own = e.kind === 'load' ? e.index : [];
  return (
    own.every((i) => i.terms.every((t) => t.atom.kind === 'axis' || t.atom.kind === 'value')) &&
    childrenOf(e).every((child) => dividesNothing(child, seen))
  );
}
