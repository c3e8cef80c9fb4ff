import type { Expr } from '../../../compiler/kernel/expr.ts';
import type { Axis, Index } from '../../../compiler/kernel/index-expr.ts';
import { laneStride } from '../../../compiler/kernel/lane-stride.ts';
import type { ReduceStmt, StoreStmt } from '../../../compiler/kernel/nest.ts';
import { childrenOf, fetchesIn } from '../../../compiler/kernel/traverse.ts';
import { isComposite } from '../composites.ts';
import type { Dependences } from '../dependence.ts';
import type { PlainLoop, PlainStmt } from './normalise.ts';

/** Shortest run that is worth lanes. */
const fewestLanes = 2;
/** A reduction along a run at least this long is folded in lanes of its own rather than by gathers. */
const shortestRow = 4;

/** Answers how statements use memory along an axis. */
export class Plan {
  readonly #dependences: Dependences;

  constructor(dependences: Dependences) {
    this.#dependences = dependences;
  }

  /** Stride along `axis` in elements; undefined when irregular. Values of locals count as irregular. */
  stride(index: Index, axis: Axis): number | undefined {
    return laneStride(index, axis, true, (e) =>
      [...this.#dependences.of(e)].some((d) => d === axis || typeof d === 'string'),
    );
  }

  /** Whether lanes should run along this loop's axis. */
  isVectorLoop(loop: PlainLoop): boolean {
    if (loop.axis.extent.size < fewestLanes) return false;
    const stores = storesIn(loop.body, [loop]);
    if (!stores.every(({ store, loops }) => this.#storeAxis(store, loops) === loop.axis)) return false;
    return !reductionsIn(loop.body).some((s) => this.#gathers(s, loop.axis) && this.rowAxis(s) !== undefined);
  }

  /** Of the loops around a store, the axis it is densest along. */
  #storeAxis(store: StoreStmt, loops: readonly PlainLoop[]): Axis | undefined {
    let best: { readonly axis: Axis; readonly stride: number } | undefined;
    for (const { axis } of loops) {
      const stride = this.stride(store.offset, axis);
      if (stride === undefined || stride === 0) continue;
      if (!best || Math.abs(stride) <= Math.abs(best.stride)) best = { axis, stride };
    }
    return best?.axis;
  }

  #gathers(s: ReduceStmt, axis: Axis): boolean {
    return fetchesIn(...s.folds.map((f) => f.body)).some((f) => !isDense(this.stride(f.offset, axis)));
  }

  /** The axis of a reduction along which all its fetches are dense, if it is long enough for lanes. */
  rowAxis(s: ReduceStmt): Axis | undefined {
    const fetches = fetchesIn(...s.folds.map((f) => f.body));
    const dense = s.axes.filter((axis) => {
      const strides = fetches.map((f) => this.stride(f.offset, axis));
      return axis.extent.size >= shortestRow && strides.every(isDense) && strides.includes(1);
    });
    return dense.sort((a, b) => b.extent.size - a.extent.size)[0];
  }
}

const isDense = (stride: number | undefined): boolean => stride === 0 || stride === 1;

export function storesIn(
  body: readonly PlainStmt[],
  loops: readonly PlainLoop[],
): { readonly store: StoreStmt; readonly loops: readonly PlainLoop[] }[] {
  return body.flatMap((s) => {
    if (s.kind === 'store') return [{ store: s, loops }];
    return s.kind === 'loop' ? storesIn(s.body, [...loops, s]) : [];
  });
}

export const reductionsIn = (body: readonly PlainStmt[]): ReduceStmt[] =>
  body.flatMap((s) => (s.kind === 'reduce' ? [s] : s.kind === 'loop' ? reductionsIn(s.body) : []));

/** Rough count of instructions, for deciding how often to repeat code. */
export function weightOf(roots: readonly Expr[]): number {
  const seen = new Set<Expr>();
  const visit = (e: Expr): number => {
    if (seen.has(e)) return 0;
    seen.add(e);
    const own =
      e.kind === 'const' || e.kind === 'local'
        ? 0
        : isComposite(e)
          ? 20
          : e.kind === 'fetch'
            ? 1 + 4 * e.guards.length
            : 1;
    return childrenOf(e).reduce((sum, child) => sum + visit(child), own);
  };
  return roots.reduce((sum, root) => sum + visit(root), 0);
}

export const expressionsIn = (body: readonly PlainStmt[]): Expr[] =>
  body.flatMap((s) => {
    if (s.kind === 'store') return [s.value];
    return s.kind === 'reduce' ? s.folds.map((f) => f.body) : expressionsIn(s.body);
  });
