import type { Expr, LocalExpr } from '../../../compiler/kernel/expr.ts';
import { type Axis, type Index, type Indexable, substituteIndex } from '../../../compiler/kernel/index-expr.ts';
import type { LoopStmt, ReduceStmt, Stmt, StoreStmt } from '../../../compiler/kernel/nest.ts';
import { rewrite } from '../../../compiler/kernel/traverse.ts';
import { coalesceLoops } from './coalesce.ts';
import { makeInterner } from './intern.ts';
import { keepValues } from './keep-values.ts';
import { shareFolds } from './share-folds.ts';

/** Statements without lets, unit axes and empty loops; equal expressions are one object. */
export type PlainStmt = PlainLoop | ReduceStmt | StoreStmt;

export interface PlainLoop {
  readonly kind: 'loop';
  readonly axis: Axis;
  readonly body: readonly PlainStmt[];
}

/** Inlines lets, drops axes of extent 1, merges axes that are contiguous everywhere, and shares equal expressions. */
export function normalise(body: readonly Stmt[]): PlainStmt[] {
  const merged = coalesceLoops(plain(body, new Map()));
  const intern = makeInterner();
  const shared = merged.map((s) => mapStatement(s, intern, (index) => substituteIndex(index, (a) => a, intern)));
  return keepValues(shareFolds(shared, intern), intern);
}

/** Rebuilds a statement with every expression and store offset mapped. */
export function mapStatement(s: PlainStmt, expr: (e: Expr) => Expr, index: (i: Index) => Index): PlainStmt {
  switch (s.kind) {
    case 'loop':
      return { ...s, body: s.body.map((inner) => mapStatement(inner, expr, index)) };
    case 'reduce':
      return { ...s, folds: s.folds.map((f) => ({ ...f, body: expr(f.body) })) };
    case 'store':
      return { ...s, offset: index(s.offset), value: expr(s.value) };
    default:
      return s satisfies never;
  }
}

const withoutUnits = (a: Axis): Indexable => (a.extent.size === 1 ? 0 : a);

function plain(body: readonly Stmt[], lets: Map<string, Expr>): PlainStmt[] {
  const inlined = (leaf: Expr): Expr => (leaf.kind === 'local' ? inlineLocal(leaf, lets) : leaf);
  const memo = new Map<Expr, Expr>();
  let known = lets.size;
  const clean = (e: Expr): Expr => {
    if (lets.size !== known) memo.clear();
    known = lets.size;
    return rewrite(e, withoutUnits, inlined, memo);
  };
  return body.flatMap((s): PlainStmt[] => {
    switch (s.kind) {
      case 'let':
        lets.set(s.name, clean(s.value));
        return [];
      case 'loop':
        return plainLoop(s, lets);
      case 'reduce':
        return [
          {
            ...s,
            axes: s.axes.filter((a) => a.extent.size !== 1),
            folds: s.folds.map((f) => ({ ...f, body: clean(f.body) })),
          },
        ];
      case 'store':
        return [{ ...s, offset: substituteIndex(s.offset, withoutUnits, clean), value: clean(s.value) }];
      default:
        return s satisfies never;
    }
  });
}

function plainLoop(s: LoopStmt, lets: Map<string, Expr>): PlainStmt[] {
  if (s.axis.extent.size === 0) return [];
  const body = plain(s.body, new Map(lets));
  if (body.length === 0) return [];
  return s.axis.extent.size === 1 ? body : [{ kind: 'loop', axis: s.axis, body }];
}

const inlineLocal = (e: LocalExpr, lets: ReadonlyMap<string, Expr>): Expr => lets.get(e.name) ?? e;
