import type { Expr } from '../../../compiler/kernel/expr.ts';
import {
  type Axis,
  type Index,
  type Indexable,
  makeAxis,
  substituteIndex,
} from '../../../compiler/kernel/index-expr.ts';
import type { ReduceStmt } from '../../../compiler/kernel/nest.ts';
import { childrenOf, indicesOf, rewrite, valuesIn } from '../../../compiler/kernel/traverse.ts';
import { dim } from '../../../compiler/tensor/shape.ts';
import { mapStatement, type PlainLoop, type PlainStmt } from './normalise.ts';

/** Merges two axes into one where every index steps through both as through one run of memory. */
export function coalesceLoops(body: readonly PlainStmt[]): PlainStmt[] {
  return body.map((s) => {
    if (s.kind === 'store') return s;
    return s.kind === 'reduce' ? coalesceReduction(s) : coalesceLoop(s);
  });
}

function coalesceLoop(loop: PlainLoop): PlainLoop {
  const [inner, ...others] = loop.body;
  if (inner?.kind !== 'loop' || others.length > 0) return { ...loop, body: coalesceLoops(loop.body) };
  const merged = coalesceLoop(inner);
  if (!merged.body.every((s) => isContiguousIn(s, loop.axis, merged.axis))) return { ...loop, body: [merged] };
  const { axis, replace } = mergeAxes(loop.axis, merged.axis);
  const memo = new Map<Expr, Expr>();
  const expr = (e: Expr): Expr => rewrite(e, replace, (leaf) => leaf, memo);
  const index = (i: Index): Index => substituteIndex(i, replace, expr);
  return { kind: 'loop', axis, body: merged.body.map((s) => mapStatement(s, expr, index)) };
}

function coalesceReduction(s: ReduceStmt): ReduceStmt {
  for (const outer of s.axes) {
    for (const inner of s.axes) {
      if (outer === inner || !s.folds.every((f) => isContiguous(f.body, outer, inner))) continue;
      const { axis, replace } = mergeAxes(outer, inner);
      const memo = new Map<Expr, Expr>();
      return coalesceReduction({
        ...s,
        axes: s.axes.filter((a) => a !== outer).map((a) => (a === inner ? axis : a)),
        folds: s.folds.map((f) => ({ ...f, body: rewrite(f.body, replace, (leaf) => leaf, memo) })),
      });
    }
  }
  return s;
}

function mergeAxes(outer: Axis, inner: Axis): { readonly axis: Axis; readonly replace: (a: Axis) => Indexable } {
  const axis = makeAxis(`${outer.name}${inner.name}`, dim(outer.extent.size * inner.extent.size));
  return { axis, replace: (a) => (a === outer ? 0 : a === inner ? axis : a) };
}

function isContiguousIn(s: PlainStmt, outer: Axis, inner: Axis): boolean {
  switch (s.kind) {
    case 'loop':
      return s.body.every((x) => isContiguousIn(x, outer, inner));
    case 'reduce':
      return s.folds.every((f) => isContiguous(f.body, outer, inner));
    case 'store':
      return (
        isRun(s.offset, outer, inner) &&
        valuesIn([s.offset]).every((e) => isContiguous(e, outer, inner)) &&
        isContiguous(s.value, outer, inner)
      );
    default:
      return s satisfies never;
  }
}

function isContiguous(e: Expr, outer: Axis, inner: Axis, seen: Set<Expr> = new Set()): boolean {
  if (seen.has(e)) return true;
  seen.add(e);
  return (
    indicesOf(e).every((index) => isRun(index, outer, inner)) &&
    childrenOf(e).every((child) => isContiguous(child, outer, inner, seen))
  );
}

/** factor of outer = extent of inner * factor of inner, inside div and mod too. */
function isRun(index: Index, outer: Axis, inner: Axis): boolean {
  const factor = (axis: Axis): number => index.terms.find((t) => t.atom === axis)?.factor ?? 0;
  return (
    factor(outer) === inner.extent.size * factor(inner) &&
    index.terms.every(({ atom }) => (atom.kind !== 'div' && atom.kind !== 'mod') || isRun(atom.index, outer, inner))
  );
}
