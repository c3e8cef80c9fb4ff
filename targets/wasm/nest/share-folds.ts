import type { Expr } from '../../../compiler/kernel/expr.ts';
import { type Axis, makeAxis, substituteIndex } from '../../../compiler/kernel/index-expr.ts';
import type { ReduceStmt } from '../../../compiler/kernel/nest.ts';
import { rewrite } from '../../../compiler/kernel/traverse.ts';
import type { PlainStmt } from './normalise.ts';

/** Folds each value once: equal reductions share one traversal, whatever their axes and locals are called. */
export function shareFolds(body: readonly PlainStmt[], intern: (e: Expr) => Expr): PlainStmt[] {
  return new Sharing(intern).share(body, new Map(), new Map());
}

class Sharing {
  readonly #intern: (e: Expr) => Expr;
  readonly #axes = new Map<string, Axis>();
  readonly #ids = new Map<Expr, number>();

  constructor(intern: (e: Expr) => Expr) {
    this.#intern = intern;
  }

  /** `locals` by the name they had, `known` by what they fold. */
  share(body: readonly PlainStmt[], locals: Map<string, Expr>, known: Map<string, Expr>): PlainStmt[] {
    return body.flatMap((s): PlainStmt[] => {
      switch (s.kind) {
        case 'loop':
          return [{ ...s, body: this.share(s.body, new Map(locals), new Map(known)) }];
        case 'store': {
          const expr = this.#renamer(locals, (a) => a);
          return [{ ...s, offset: substituteIndex(s.offset, (a) => a, expr), value: expr(s.value) }];
        }
        case 'reduce':
          return this.#reduction(s, locals, known);
        default:
          return s satisfies never;
      }
    });
  }

  #reduction(s: ReduceStmt, locals: Map<string, Expr>, known: Map<string, Expr>): ReduceStmt[] {
    const axes = s.axes.map((axis, i) => this.#axis(axis, i));
    const expr = this.#renamer(locals, (a) => axes[s.axes.indexOf(a)] ?? a);
    const folds = s.folds.flatMap((fold) => {
      const body = expr(fold.body);
      const key = `${fold.op} ${axes.map((a) => a.name).join()} ${this.#id(body)}`;
      const same = known.get(key);
      if (same) {
        locals.set(fold.name, same);
        return [];
      }
      known.set(key, this.#intern({ kind: 'local', dtype: fold.dtype, name: fold.name }));
      return [{ ...fold, body }];
    });
    return folds.length === 0 ? [] : [{ ...s, axes, folds }];
  }

  #renamer(locals: ReadonlyMap<string, Expr>, axis: (a: Axis) => Axis): (e: Expr) => Expr {
    const memo = new Map<Expr, Expr>();
    const leaf = (e: Expr): Expr => (e.kind === 'local' ? (locals.get(e.name) ?? e) : e);
    return (e) => this.#intern(rewrite(e, axis, leaf, memo));
  }

  /** One axis for all that are the `position`th of their reduction and equally long. */
  #axis({ extent }: Axis, position: number): Axis {
    const name = `r${position}x${extent.size}`;
    const axis = this.#axes.get(name) ?? makeAxis(name, extent);
    this.#axes.set(name, axis);
    return axis;
  }

  #id(e: Expr): number {
    const known = this.#ids.get(e);
    if (known !== undefined) return known;
    this.#ids.set(e, this.#ids.size);
    return this.#ids.size - 1;
  }
}
