import type { Expr, FetchExpr } from '../../../compiler/kernel/expr.ts';
import { type Axis, type Index, substituteIndex } from '../../../compiler/kernel/index-expr.ts';
import type { ReduceStmt } from '../../../compiler/kernel/nest.ts';
import { childrenOf, fetchesIn, mapChildren, rewrite } from '../../../compiler/kernel/traverse.ts';
import { isComposite } from '../composites.ts';
import type { PlainLoop, PlainStmt } from './normalise.ts';

/**
 * Where a fold and the store after it both need the same costly value (softmax: exp(x - max) is summed, then divided),
 * computes it once: into the output first, from where the fold and the store read it back. The store must use nothing
 * else that varies along its loop, so an output that takes its input's place stays right.
 */
export function keepValues(body: readonly PlainStmt[], intern: (e: Expr) => Expr): PlainStmt[] {
  const mapped = body.map((s): PlainStmt => (s.kind === 'loop' ? { ...s, body: keepValues(s.body, intern) } : s));
  return mapped.flatMap((s, i): PlainStmt[] => {
    const next = mapped[i + 1];
    const before = mapped[i - 1];
    if (s.kind === 'reduce' && next?.kind === 'loop') return keep(s, next, intern)?.slice(0, -1) ?? [s];
    if (s.kind === 'loop' && before?.kind === 'reduce') return keep(before, s, intern)?.slice(-1) ?? [s];
    return [s];
  });
}

function keep(
  s: ReduceStmt,
  loop: PlainLoop,
  intern: (e: Expr) => Expr,
): [PlainLoop, ReduceStmt, PlainLoop] | undefined {
  const [axis] = s.axes;
  const [fold] = s.folds;
  const [store] = loop.body;
  if (!axis || !fold || s.axes.length > 1 || s.folds.length > 1 || store?.kind !== 'store' || loop.body.length > 1) {
    return undefined;
  }
  if (axis.extent.size !== loop.axis.extent.size || fold.dtype !== 'float32') return undefined;
  const along = (to: Axis): ((e: Expr) => Expr) => {
    const memo = new Map<Expr, Expr>();
    return (e) =>
      intern(
        rewrite(
          e,
          (a) => (a === axis ? to : a),
          (leaf) => leaf,
          memo,
        ),
      );
  };
  const costly = along(loop.axis)(fold.body);
  if (!isCostly(costly)) return undefined;
  const kept: FetchExpr = {
    kind: 'fetch',
    dtype: 'float32',
    slot: store.slot,
    offset: store.offset,
    guards: [],
    fill: 0,
  };
  const value = replace(store.value, costly, intern(kept), new Map());
  const others = fetchesIn(value).filter((f) => f.slot !== store.slot);
  if (value === store.value || others.some((f) => usesAxis(f.offset, loop.axis) || f.guards.length > 0))
    return undefined;
  const offset = substituteIndex(
    store.offset,
    (a) => (a === loop.axis ? axis : a),
    (e) => e,
  );
  return [
    { kind: 'loop', axis: loop.axis, body: [{ ...store, value: costly }] },
    { ...s, folds: [{ ...fold, body: intern({ ...kept, offset }) }] },
    { ...loop, body: [{ ...store, value }] },
  ];
}

const isCostly = (e: Expr): boolean => isComposite(e) || childrenOf(e).some(isCostly);

function replace(e: Expr, part: Expr, by: Expr, memo: Map<Expr, Expr>): Expr {
  if (e === part) return by;
  const known = memo.get(e);
  if (known) return known;
  const mapped = childrenOf(e).length === 0 ? e : mapChildren(e, (child) => replace(child, part, by, memo));
  memo.set(e, mapped);
  return mapped;
}

const usesAxis = (index: Index, axis: Axis): boolean =>
  index.terms.some(
    ({ atom }) => atom === axis || atom.kind === 'value' || (atom.kind !== 'axis' && usesAxis(atom.index, axis)),
  );
