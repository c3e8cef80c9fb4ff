import { type Expr, type LocalExpr, mapChildren, rewrite } from '../../../compiler/kernel/expr.ts';
import { type Axis, type Index, type Indexable, substituteIndex } from '../../../compiler/kernel/index-expr.ts';
import type { LoopStmt, ReduceStmt, Stmt, StoreStmt } from '../../../compiler/kernel/nest.ts';
import { powConstant } from '../../../compiler/kernel/transcendental/power.ts';
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
  const powers = new Map<Expr, Expr>();
  const expr = (e: Expr): Expr => intern(expandPowers(e, powers));
  const expanded = merged.map((s) => mapStatement(s, expr, (index) => substituteIndex(index, (a) => a, expr)));
  return keepValues(shareFolds(expanded, intern), intern);
}

/** Powers with exponents such as 2 and 0.5 become products and roots. */
function expandPowers(e: Expr, memo: Map<Expr, Expr>): Expr {
  const known = memo.get(e);
  if (known) return known;
  const mapped = mapChildren(e, (child) => expandPowers(child, memo));
  const isPower = mapped.kind === 'binary' && mapped.op === 'pow';
  const product = isPower && mapped.b.kind === 'const' ? powConstant(mapped.a, Number(mapped.b.value)) : undefined;
  memo.set(e, product ?? mapped);
  return product ?? mapped;
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
