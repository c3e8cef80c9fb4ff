import { type BinaryExpr, type ConstExpr, constant, type Expr, type SelectExpr } from '../../compiler/kernel/expr.ts';
import type { Dependences } from './dependence.ts';
import type { Functions } from './functions.ts';
import type { Ref } from './kernels/code.ts';
import { relaxedMadd } from './kernels/relaxed.ts';
import type { Surroundings } from './primitives/intrinsics.ts';
import { vectorBinary, vectorShift } from './primitives/vector.ts';

/** What operations on four values ask of the renderer around them. */
export interface OperandContext extends Surroundings {
  readonly functions: Functions;
  readonly dependences: Dependences;
  scalar(e: Expr): Ref;
  vector(e: Expr): Ref;
  /** Whether the lanes of `e` differ here. */
  varies(e: Expr): boolean;
}

/** One of two values in each lane. */
export function selectVector(to: OperandContext, e: SelectExpr): Ref {
  const { f32x4, v128 } = to.module;
  const [a, b] = [to.vector(e.a), to.vector(e.b)];
  const choice = ordersOf(e);
  if (choice) return choice === 'larger' ? f32x4.pmax(b, a) : f32x4.pmin(b, a);
  if (!to.varies(e.cond)) return to.module.select(to.scalar(e.cond), a, b);
  return v128.bitselect(a, b, to.vector(e.cond));
}

/** p < q ? q : p is the larger, p < q ? p : q the smaller, and what is not a number stays as pmax and pmin keep it. */
function ordersOf({ cond, a, b, dtype }: SelectExpr): 'larger' | 'smaller' | undefined {
  if (dtype !== 'float32' || cond.kind !== 'binary' || cond.op !== 'lt') return undefined;
  if (isSame(cond.a, b) && isSame(cond.b, a)) return 'larger';
  return isSame(cond.a, a) && isSame(cond.b, b) ? 'smaller' : undefined;
}

const isSame = (x: Expr, y: Expr): boolean =>
  x === y || (x.kind === 'const' && y.kind === 'const' && x.dtype === y.dtype && Object.is(x.value, y.value));

/** A native binary primitive of two values, in the cheapest instructions that its operands allow. */
export function binaryVector(to: OperandContext, e: BinaryExpr): Ref {
  if ((e.op === 'shl' || e.op === 'shr') && !to.varies(e.b)) {
    return vectorShift(to, e.op, e.dtype === 'uint32', to.vector(e.a), to.scalar(e.b));
  }
  const special = e.dtype === 'float32' ? (boundedByConstant(to, e) ?? multiplyAdd(to, e)) : undefined;
  return special ?? vectorBinary(to, e.op, e.a.dtype, to.vector(e.a), to.vector(e.b));
}

/** pmax(x, c) = x < c ? c : x: keeps a NaN in x, and is one instruction where max is eight. */
function boundedByConstant(to: OperandContext, e: BinaryExpr): Ref | undefined {
  if (e.op !== 'max' && e.op !== 'min') return undefined;
  const known = [e.a, e.b].find(isNumber);
  const other = known === e.a ? e.b : e.a;
  return known && to.module.f32x4[e.op === 'max' ? 'pmax' : 'pmin'](to.vector(other), to.vector(known));
}

const isNumber = (e: Expr): e is ConstExpr => e.kind === 'const' && !Number.isNaN(e.value);

/** x + a * b, and x - a * c with the constant's sign turned, where they are one instruction. */
function multiplyAdd(to: OperandContext, e: BinaryExpr): Ref | undefined {
  if (to.functions.features !== 'relaxed' || (e.op !== 'add' && e.op !== 'sub')) return undefined;
  const isOwn = (x: Expr): x is BinaryExpr => isProduct(x) && !to.dependences.isShared(x) && to.varies(x);
  if (e.op === 'sub') {
    if (!isOwn(e.b) || e.b.b.kind !== 'const') return undefined;
    const turned = constant('float32', -Number(e.b.b.value));
    return relaxedMadd(to.module, to.vector(e.b.a), to.vector(turned), to.vector(e.a));
  }
  const product = [e.a, e.b].find(isOwn);
  if (!product) return undefined;
  const rest = product === e.a ? e.b : e.a;
  return relaxedMadd(to.module, to.vector(product.a), to.vector(product.b), to.vector(rest));
}

const isProduct = (e: Expr): e is BinaryExpr => e.kind === 'binary' && e.op === 'mul';
