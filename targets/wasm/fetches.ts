import binaryen from 'binaryen';
import type { FetchExpr, Guard } from '../../compiler/kernel/expr.ts';
import type { Axis } from '../../compiler/kernel/index-expr.ts';
import { rangeOf } from '../../compiler/kernel/index-expr.ts';
import { type IndexContext, resolveAddress, resolvedValue, resolveIndex } from './indices.ts';
import type { Address, Local, Ref } from './kernels/code.ts';
import { scalarConstant } from './primitives/scalar.ts';

/** The vector axis of a place and how many of its four lanes hold elements. */
export interface Lanes {
  readonly axis: Axis;
  readonly count: 1 | 2 | 3 | 4;
  /** lane 0 is always at a multiple of 4 */
  readonly isAligned: boolean;
}

export interface FetchContext extends IndexContext {
  readonly lanes: Lanes | undefined;
  slot(index: number): Local;
  /** The same place with the vector axis at one lane. */
  atLane<T>(lane: number, render: () => T): T;
  /** Distance between lanes; undefined when irregular. */
  strideOf(index: FetchExpr['offset']): number | undefined;
}

const bytes = 4;

/** One element, as f32 or i32. */
export function fetchScalar(to: FetchContext, e: FetchExpr): Ref {
  const { module } = to.code;
  const read = (): Ref => {
    const { offset, pointer } = to.code.operand(resolveAddress(to, to.slot(e.slot), e.offset));
    return e.dtype === 'float32' ? module.f32.load(offset, bytes, pointer) : module.i32.load(offset, bytes, pointer);
  };
  return guarded(to, holds(to, e.guards), read, () => scalarConstant(module, e.dtype, e.fill));
}

/** Four elements; lanes beyond the place's count are zero or repeat others. Bool lanes are masks. */
export function fetchVector(to: FetchContext, e: FetchExpr): Ref {
  const { module } = to.code;
  const varies = (g: Guard): boolean => to.strideOf(g.index) !== 0;
  const always = holds(
    to,
    e.guards.filter((g) => !varies(g)),
  );
  const perLane = e.guards.filter(varies);
  const fill = (): Ref => splatFill(to, e);
  const read = (): Ref => (perLane.length === 0 ? readLanes(to, e) : readGuardedLanes(to, e, perLane, fill));
  const raw = guarded(to, always, read, fill);
  return e.dtype === 'bool' ? module.i32x4.ne(raw, module.i32x4.splat(module.i32.const(0))) : raw;
}

/** One element in all four lanes. */
export function fetchSplat(to: FetchContext, e: FetchExpr): Ref {
  const { module } = to.code;
  const read = (): Ref => {
    const { offset, pointer } = to.code.operand(resolveAddress(to, to.slot(e.slot), e.offset));
    return module.v128.load32_splat(offset, bytes, pointer);
  };
  const raw = guarded(to, holds(to, e.guards), read, () => splatFill(to, e));
  return e.dtype === 'bool' ? module.i32x4.ne(raw, module.i32x4.splat(module.i32.const(0))) : raw;
}

function splatFill(to: FetchContext, e: FetchExpr): Ref {
  const { module } = to.code;
  const one = scalarConstant(module, e.dtype, e.fill);
  return e.dtype === 'float32' ? module.f32x4.splat(one) : module.i32x4.splat(one);
}

/** Whether guards hold: known now, or conditions that are all 1 when they do. */
export type Condition = boolean | readonly Ref[];

function guarded(to: FetchContext, condition: Condition, read: () => Ref, fill: () => Ref): Ref {
  if (condition === true) return read();
  if (condition === false) return fill();
  return to.code.module.if(allOf(to, condition), read(), fill());
}

export const allOf = (to: FetchContext, conditions: readonly Ref[]): Ref =>
  conditions.reduce((a, b) => to.code.module.i32.and(a, b));

/** Whether all guards hold for the first lane. */
export function holds(to: FetchContext, guards: readonly Guard[]): Condition {
  const { module } = to.code;
  const conditions: Ref[] = [];
  for (const { index, extent } of guards) {
    const value = resolveIndex(to, index);
    if (value.local) {
      const { min, max } = rangeOf(index);
      const x = (): Ref => resolvedValue(to.code, value);
      if (min >= 0 && max < extent) continue;
      conditions.push(module.i32.lt_u(x(), module.i32.const(extent)));
    } else if (value.constant < 0 || value.constant >= extent) return false;
  }
  return conditions.length === 0 ? true : conditions;
}

function readLanes(to: FetchContext, e: FetchExpr): Ref {
  const { module } = to.code;
  const count = to.lanes?.count ?? 4;
  const stride = to.strideOf(e.offset);
  const first = resolveAddress(to, to.slot(e.slot), e.offset);
  if (stride === 1) return loadVector(to, first, count);
  if (stride === 0) {
    const { offset, pointer } = to.code.operand(first);
    return module.v128.load32_splat(offset, bytes, pointer);
  }
  if (count === 4 && stride !== undefined && (stride === 2 || stride === 3 || stride === -1)) {
    return readPair(to, e, stride);
  }
  let vector: Ref | undefined;
  for (let lane = 0; lane < count; lane++) {
    const address = to.atLane(lane, () => resolveAddress(to, to.slot(e.slot), e.offset));
    const { offset, pointer } = to.code.operand(address);
    vector = vector
      ? module.v128.load32_lane(offset, bytes, lane, pointer, vector)
      : module.v128.load32_zero(offset, bytes, pointer);
  }
  return vector ?? splatFill(to, e);
}

/** Strides 2, 3 and -1: whole loads that start at the first and end at the last element wanted, and a shuffle. */
function readPair(to: FetchContext, e: FetchExpr, stride: 2 | 3 | -1): Ref {
  const { module } = to.code;
  const load = (lane: number, back: number): Ref => {
    const address = to.atLane(lane, () =>
      resolveAddress(to, to.slot(e.slot), { ...e.offset, offset: e.offset.offset - back }),
    );
    const { offset, pointer } = to.code.operand(address);
    return module.v128.load(offset, bytes, pointer);
  };
  if (stride === -1) {
    const all = to.code.local(binaryen.v128);
    const first = module.local.tee(all.index, load(3, 0), binaryen.v128);
    return module.i8x16.shuffle(first, to.code.get(all), laneBytes([3, 2, 1, 0]));
  }
  const wanted = stride === 2 ? [0, 2, 5, 7] : [0, 3, 4, 7];
  return module.i8x16.shuffle(load(0, 0), load(3, 3), laneBytes(wanted));
}

/** Byte mask of a shuffle by 4-byte lanes, 0 to 7. */
export const laneBytes = (lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * bytes + byte));

export function loadVector(to: IndexContext, address: Address, count: number): Ref {
  const { module } = to.code;
  const { offset, pointer } = to.code.operand(address);
  if (count >= 4) return module.v128.load(offset, bytes, pointer);
  if (count === 1) return module.v128.load32_zero(offset, bytes, pointer);
  const pair = module.v128.load64_zero(offset, bytes, pointer);
  if (count === 2) return pair;
  return module.v128.load32_lane(offset + 2 * bytes, bytes, 2, to.code.operand(address).pointer, pair);
}

/** Guards that differ between lanes: all lanes at once where the first and the last hold, else one by one. */
function readGuardedLanes(to: FetchContext, e: FetchExpr, guards: readonly Guard[], fill: () => Ref): Ref {
  const { code } = to;
  const { module } = code;
  const count = to.lanes?.count ?? 4;
  const result = code.local(binaryen.v128);
  const slowly: Ref[] = [module.local.set(result.index, fill())];
  for (let lane = 0; lane < count; lane++) {
    to.atLane(lane, () => {
      const condition = holds(to, guards);
      if (condition === false) return;
      const { offset, pointer } = code.operand(resolveAddress(to, to.slot(e.slot), e.offset));
      const load = module.local.set(
        result.index,
        module.v128.load32_lane(offset, bytes, lane, pointer, code.get(result)),
      );
      slowly.push(condition === true ? load : module.if(allOf(to, condition), load));
    });
  }
  const perLane = module.block(null, [...slowly, code.get(result)], binaryen.v128);
  const isMonotonic = guards.every((g) => to.strideOf(g.index) !== undefined);
  if (to.strideOf(e.offset) !== 1 || !isMonotonic) return perLane;
  const ends = [0, count - 1].map((lane) => to.atLane(lane, () => holds(to, guards)));
  if (ends.includes(false)) return perLane;
  const conditions = ends.flatMap((c) => (Array.isArray(c) ? c : []));
  return conditions.length === 0 ? readLanes(to, e) : module.if(allOf(to, conditions), readLanes(to, e), perLane);
}
