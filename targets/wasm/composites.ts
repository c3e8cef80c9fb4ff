import type { BinaryExpr, Expr, UnaryExpr } from '../../compiler/kernel/expr.ts';
import { binaryOps, unaryOps } from '../../compiler/kernel/scalar.ts';
import { expandUnary } from '../../compiler/kernel/transcendental/index.ts';
import { powConstant } from '../../compiler/kernel/transcendental/power.ts';

/** Primitives that no instruction computes: functions of their own, unless written out. */
export const isComposite = (e: Expr): e is UnaryExpr | BinaryExpr =>
  (e.kind === 'unary' && !unaryOps[e.op].native) || (e.kind === 'binary' && !binaryOps[e.op].native);

/** Those that gain from being written out in hot loops; the longer ones are as fast when called. */
const gainsFromWritingOut: ReadonlySet<string> = new Set(['exp', 'tanh', 'erf', 'sigmoid']);

/** A composite in native arithmetic where that beats a call; undefined where a call is better. */
export function writtenOut(e: UnaryExpr | BinaryExpr, isHot: boolean): Expr | undefined {
  if (e.kind === 'unary') return isHot && gainsFromWritingOut.has(e.op) ? expandUnary(e.op, e.x) : undefined;
  return e.op === 'pow' && e.b.kind === 'const' ? powConstant(e.a, Number(e.b.value)) : undefined;
}
