import binaryen from 'binaryen';
import type { ReduceOp } from '../../../compiler/kernel/expr.ts';
import { foldOps, identityOf } from '../../../compiler/kernel/fold.ts';
import type { DType } from '../../../compiler/tensor/dtype.ts';
import { laneBytes } from '../fetches.ts';
import type { Local, Ref } from '../kernels/code.ts';
import { scalarBinary, scalarConstant, scalarType } from '../primitives/scalar.ts';
import { extract, vectorBinary, vectorConstant, vectorOfIntegers } from '../primitives/vector.ts';
import type { Renderer } from '../render.ts';

/** One accumulator of a fold: of a scalar or of four lanes. */
export interface Accumulator {
  readonly op: ReduceOp;
  readonly dtype: DType;
  readonly isVector: boolean;
  readonly value: Local;
  /** lanes that have seen a NaN, kept apart because pmax and pmin lose them */
  readonly undefinedLanes: Local | undefined;
}

const tracksUndefined = (op: ReduceOp, dtype: DType, isVector: boolean): boolean =>
  isVector && dtype === 'float32' && (op === 'max' || op === 'min');

/** A new accumulator, set to the identity. */
export function makeAccumulator(to: Renderer, op: ReduceOp, dtype: DType, isVector: boolean): Accumulator {
  const { code, module } = to;
  const identity = identityOf(op, dtype);
  const type = isVector ? binaryen.v128 : scalarType(dtype);
  const value = code.local(type);
  const start = isVector ? vectorConstant(module, dtype, identity) : scalarConstant(module, dtype, identity);
  to.scope.statements.push(module.local.set(value.index, start));
  if (!tracksUndefined(op, dtype, isVector)) return { op, dtype, isVector, value, undefinedLanes: undefined };
  const undefinedLanes = code.local(binaryen.v128);
  to.scope.statements.push(module.local.set(undefinedLanes.index, vectorOfIntegers(module, [0, 0, 0, 0])));
  return { op, dtype, isVector, value, undefinedLanes };
}

/** Folds `x` into the accumulator. Of a vector only the first `count` lanes are taken. */
export function accumulate(to: Renderer, acc: Accumulator, x: Ref, count: number): void {
  const { code, module } = to;
  const push = (s: Ref): unknown => to.scope.statements.push(s);
  const old = code.get(acc.value);
  if (!acc.isVector) {
    push(module.local.set(acc.value.index, scalarBinary(to, foldOps[acc.op], acc.dtype, old, x)));
    return;
  }
  const taken = count === 4 ? x : module.v128.bitselect(x, identityVector(to, acc), firstLanes(to, count));
  if (!acc.undefinedLanes) {
    push(module.local.set(acc.value.index, vectorBinary(to, foldOps[acc.op], acc.dtype, old, taken)));
    return;
  }
  const kept = code.local(binaryen.v128);
  push(module.local.set(kept.index, taken));
  const better = acc.op === 'max' ? module.f32x4.pmax(old, code.get(kept)) : module.f32x4.pmin(old, code.get(kept));
  push(module.local.set(acc.value.index, better));
  const isUndefined = module.f32x4.ne(code.get(kept), code.get(kept));
  push(module.local.set(acc.undefinedLanes.index, module.v128.or(code.get(acc.undefinedLanes), isUndefined)));
}

const identityVector = (to: Renderer, acc: Accumulator): Ref =>
  vectorConstant(to.module, acc.dtype, identityOf(acc.op, acc.dtype));

const firstLanes = (to: Renderer, count: number): Ref =>
  vectorOfIntegers(
    to.module,
    [0, 1, 2, 3].map((lane) => (lane < count ? -1 : 0)),
  );

/** The finished value: a local of the accumulator's own width. */
export function finish(to: Renderer, acc: Accumulator): Local {
  if (!acc.undefinedLanes) return acc.value;
  const { code, module } = to;
  const notNumber = module.f32x4.splat(module.f32.const(Number.NaN));
  const value = module.v128.bitselect(notNumber, code.get(acc.value), code.get(acc.undefinedLanes));
  to.scope.statements.push(module.local.set(acc.value.index, value));
  return acc.value;
}

/** Folds a list of accumulators of one kind into the first, then its lanes into one scalar. */
export function foldTogether(to: Renderer, accs: readonly Accumulator[]): Local {
  const { code, module } = to;
  const [first, ...others] = accs;
  if (!first) throw new Error('internal: no accumulator');
  const push = (s: Ref): unknown => to.scope.statements.push(s);
  const total = finish(to, first);
  const combine = first.isVector ? vectorBinary : scalarBinary;
  for (const other of others) {
    const value = finish(to, other);
    push(module.local.set(total.index, combine(to, foldOps[first.op], first.dtype, code.get(total), code.get(value))));
  }
  if (!first.isVector) return total;
  for (const lanes of [
    [2, 3, 0, 1],
    [1, 0, 3, 2],
  ]) {
    const turned = module.i8x16.shuffle(code.get(total), code.get(total), laneBytes(lanes));
    push(module.local.set(total.index, vectorBinary(to, foldOps[first.op], first.dtype, code.get(total), turned)));
  }
  const result = code.local(scalarType(first.dtype));
  push(module.local.set(result.index, extract(module, first.dtype, code.get(total), 0)));
  return result;
}
