import binaryen from 'binaryen';
import type { ConstExpr } from '../../compiler/kernel/expr.ts';
import type { Index } from '../../compiler/kernel/index-expr.ts';
import type { FetchContext } from './fetches.ts';
import type { Functions } from './functions.ts';
import { resolvedValue, resolveIndex } from './indices.ts';
import type { Ref } from './kernels/code.ts';
import { laneNumbers, vectorConstant, vectorOfIntegers } from './primitives/vector.ts';
import { keep, scopeAt } from './scope.ts';

/** What values without operands ask of the renderer around them. */
export interface LeafContext extends FetchContext {
  readonly functions: Functions;
  /** in a loop that runs long enough to repay code written out in place of calls */
  readonly isHot: boolean;
}

/** A constant in all lanes. Engines do not move constants out of loops, so a hot one finds it in a local. */
export function constantVector(to: LeafContext, e: ConstExpr): Ref {
  const { code } = to;
  const constant = (): Ref => vectorConstant(code.module, e.dtype, e.value);
  const bits = bitsOf(e);
  if (!to.isHot) return bits === 0 ? constant() : to.functions.splats.get(bits);
  const root = scopeAt(to.scope, 0);
  const key = `${e.dtype} ${Object.is(e.value, -0) ? '-0' : e.value}`;
  return code.get(root.memo.get(key) ?? keep(code, root, key, binaryen.v128, constant()));
}

function bitsOf({ dtype, value }: ConstExpr): number {
  if (dtype === 'bool') return value ? -1 : 0;
  if (dtype !== 'float32') return Number(value) | 0;
  return new Int32Array(Float32Array.of(Number(value)).buffer)[0] ?? 0;
}

/** An index as a number, lane by lane. */
export function indexVector(to: LeafContext, index: Index): Ref {
  const { code } = to;
  const { i32x4 } = code.module;
  const value = (): Ref => resolvedValue(code, resolveIndex(to, index));
  const stride = to.strideOf(index);
  if (stride !== undefined) {
    const first = i32x4.splat(value());
    const steps = laneNumbers.map((lane) => lane * stride);
    return i32x4.add(first, vectorOfIntegers(code.module, steps));
  }
  const count = to.lanes?.count ?? 4;
  let vector: Ref | undefined;
  for (let lane = 0; lane < count; lane++) {
    const one = to.atLane(lane, value);
    vector = vector ? i32x4.replace_lane(vector, lane, one) : i32x4.splat(one);
  }
  return vector ?? vectorConstant(code.module, 'int32', 0);
}
