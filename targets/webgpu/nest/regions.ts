import type { Expr } from '../../../compiler/kernel/expr.ts';
import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import { isVectorAccess } from '../../../compiler/kernel/lane-stride.ts';
import type { LetStmt, LoopStmt, ReduceStmt, Stmt, StoreStmt } from '../../../compiler/kernel/nest.ts';
import { freeAxes } from '../../../compiler/kernel/traverse.ts';
import type { Buffers } from '../buffers.ts';

/**
 * Part of a nest whose outer loops are independent of each other: `axes` are spread over invocations (solo) or over
 * workgroups whose threads share the work at one point (team); `body` is what remains to do at one point.
 */
export interface Region {
  readonly axes: readonly Axis[];
  readonly lets: readonly LetStmt[];
  readonly body: readonly Stmt[];
}

/** Regions in program order; loops of no iterations vanish. */
export function regionsOf(body: readonly Stmt[], axes: readonly Axis[] = [], lets: readonly LetStmt[] = []): Region[] {
  const own = body.filter((s): s is LetStmt => s.kind === 'let');
  const loops = body.filter((s): s is LoopStmt => s.kind === 'loop');
  const isOnlyLoops = loops.length > 0 && own.length + loops.length === body.length;
  if (!isOnlyLoops || body.slice(0, own.length).some((s) => s.kind !== 'let')) {
    return body.length === 0 ? [] : [{ axes, lets, body }];
  }
  return loops
    .filter((loop) => loop.axis.extent.size > 0)
    .flatMap((loop) => regionsOf(loop.body, [...axes, loop.axis], [...lets, ...own]));
}

export const pointsOf = (axes: readonly Axis[]): number => axes.reduce((n, axis) => n * axis.extent.size, 1);

function* statements(body: readonly Stmt[]): Generator<Stmt> {
  for (const s of body) {
    yield s;
    if (s.kind === 'loop') yield* statements(s.body);
  }
}

export const storesIn = (body: readonly Stmt[]): StoreStmt[] =>
  [...statements(body)].filter((s): s is StoreStmt => s.kind === 'store');

const reducesIn = (body: readonly Stmt[]): ReduceStmt[] =>
  [...statements(body)].filter((s): s is ReduceStmt => s.kind === 'reduce');

/** Whether four neighbours along the innermost axis can be computed and stored as one vector. */
export function isVectorRegion(region: Region, buffers: Pick<Buffers, 'isAligned'>): boolean {
  const axis = region.axes.at(-1);
  if (!axis || axis.extent.size % 4 !== 0) return false;
  const varies = (e: Expr): boolean => freeAxes(e).has(axis);
  return storesIn(region.body).every((s) => buffers.isAligned(s.slot) && isVectorAccess(s.offset, axis, varies));
}

/** Threads that share one point of a region: one, or a workgroup where points are few or rows long. */
export function threadsFor(region: Region, width: 1 | 4): 1 | 64 | 256 {
  const points = pointsOf(region.axes) / width;
  const folded = Math.max(0, ...reducesIn(region.body).map((r) => pointsOf(r.axes)));
  const swept = Math.max(
    0,
    ...region.body.filter((s) => s.kind === 'loop').map((s) => storesIn([s]).length && pointsOf(loopAxes(s))),
  );
  const work = folded + swept;
  const isLong = swept > 0 ? work > 64 || points < 256 : folded >= 256 || (folded >= 64 && points < 2048);
  if (folded === 0 || !isLong || work < 16) return 1;
  return work >= 2048 ? 256 : 64;
}

/** Axes of directly nested loops, outermost first. */
export function loopAxes(loop: LoopStmt): Axis[] {
  const inner = loop.body.filter((s) => s.kind !== 'let');
  const [only] = inner;
  return [loop.axis, ...(inner.length === 1 && only?.kind === 'loop' ? loopAxes(only) : [])];
}
