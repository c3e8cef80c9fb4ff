import type { Expr } from '../../compiler/kernel/expr.ts';
import type { Axis } from '../../compiler/kernel/index-expr.ts';
import type { Lanes } from './fetches.ts';
import type { Functions } from './functions.ts';
import type { Code, Local, Ref } from './kernels/code.ts';
import { Renderer } from './render.ts';
import { type AxisValue, rootScope } from './scope.ts';

/** Where an expression of a kernel is rendered by itself, such as the epilogue of a contraction. */
export interface RenderPlace {
  readonly code: Code;
  readonly functions: Functions;
  /** base address of each slot */
  readonly slots: readonly Local[];
  readonly axes: ReadonlyMap<Axis, AxisValue>;
  /** lanes run along this axis, whose value is that of lane 0 */
  readonly lanes?: Lanes;
  readonly locals: ReadonlyMap<string, { readonly local: Local; readonly isVector: boolean }>;
  /** the result wanted: v128, or one f32 or i32 */
  readonly isVector: boolean;
}

/** The value of `e`; what it needs first is emitted to the place's code. Bool results are masks, or 0 and 1. */
export function renderExpr(e: Expr, place: RenderPlace): Ref {
  const { code } = place;
  const statements = { push: (statement: Ref) => code.emit(statement) };
  const renderer = new Renderer(code, place.functions, place.slots, rootScope(statements, place.axes));
  renderer.lanes = place.lanes;
  renderer.dependences.count(e);
  for (const [name, { local, isVector }] of place.locals) {
    renderer.locals.set(name, { copies: [local], isVector, depth: 0 });
  }
  return place.isVector ? renderer.vector(e) : renderer.scalar(e);
}
