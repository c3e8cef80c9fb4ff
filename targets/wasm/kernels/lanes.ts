import binaryen from 'binaryen';
import type { WasmFeatures } from '../../target.ts';
import { type Address, atOffset, type Code, type Local, type Ref } from './code.ts';
import { relaxedMadd } from './relaxed.ts';

/** float32 arithmetic on `width` neighbours at a time. Addresses are of 4-byte elements. */
export interface Lanes {
  readonly width: 4 | 1;
  readonly type: binaryen.Type;
  /** The first `count` lanes from consecutive elements; the rest are zero. */
  load(address: Address, count: number): Ref;
  /** Lanes from elements `stride` bytes apart; the rest are zero. */
  gather(address: Address, stride: number, count: number): Ref;
  /** One element in every lane. */
  splat(address: Address): Ref;
  /** The first `count` lanes of a local to elements `stride` bytes apart. */
  store(address: Address, stride: number, value: Local, count: number): void;
  zero(): Ref;
  add(a: Ref, b: Ref): Ref;
  mul(a: Ref, b: Ref): Ref;
  /** a * b + c */
  multiplyAdd(a: Ref, b: Ref, c: Ref): Ref;
  /** whole numbers as float32 */
  fromWhole(a: Ref): Ref;
  /** arithmetic on lanes of 32-bit whole numbers */
  readonly whole: WholeLanes;
}

export interface WholeLanes {
  readonly type: binaryen.Type;
  load(address: Address): Ref;
  store(address: Address, value: Ref): void;
  constant(value: number): Ref;
  add(a: Ref, b: Ref): Ref;
  mul(a: Ref, b: Ref): Ref;
  and(a: Ref, b: Ref): Ref;
  or(a: Ref, b: Ref): Ref;
  shiftLeft(a: Ref, bits: number): Ref;
}

const elementBytes = 4;

export function makeLanes(code: Code, features: WasmFeatures): Lanes {
  return features === 'scalar' ? scalarLanes(code) : vectorLanes(code, features === 'relaxed');
}

function scalarLanes(code: Code): Lanes {
  const { f32, i32 } = code.module;
  const load = (address: Address): Ref => {
    const { offset, pointer } = code.operand(address);
    return f32.load(offset, elementBytes, pointer);
  };
  return {
    width: 1,
    type: binaryen.f32,
    load,
    gather: load,
    splat: load,
    store: (address, _stride, value) => {
      const { offset, pointer } = code.operand(address);
      code.emit(f32.store(offset, elementBytes, pointer, code.get(value)));
    },
    zero: () => f32.const(0),
    add: (a, b) => f32.add(a, b),
    mul: (a, b) => f32.mul(a, b),
    multiplyAdd: (a, b, c) => f32.add(f32.mul(a, b), c),
    fromWhole: (a) => f32.convert_s.i32(a),
    whole: {
      type: binaryen.i32,
      load: (address) => {
        const { offset, pointer } = code.operand(address);
        return i32.load(offset, elementBytes, pointer);
      },
      store: (address, value) => {
        const { offset, pointer } = code.operand(address);
        code.emit(i32.store(offset, elementBytes, pointer, value));
      },
      constant: (value) => i32.const(value),
      add: (a, b) => i32.add(a, b),
      mul: (a, b) => i32.mul(a, b),
      and: (a, b) => i32.and(a, b),
      or: (a, b) => i32.or(a, b),
      shiftLeft: (a, bits) => i32.shl(a, i32.const(bits)),
    },
  };
}

function vectorLanes(code: Code, relaxed: boolean): Lanes {
  const { module } = code;
  const { v128, f32x4, i32x4 } = module;
  const loadLane = (address: Address, lane: number, into: Ref): Ref => {
    const { offset, pointer } = code.operand(address);
    return v128.load32_lane(offset, elementBytes, lane, pointer, into);
  };
  const gather = (address: Address, stride: number, count: number): Ref => {
    const first = code.operand(address);
    let vector = v128.load32_zero(first.offset, elementBytes, first.pointer);
    for (let lane = 1; lane < count; lane++) vector = loadLane(atOffset(address, lane * stride), lane, vector);
    return vector;
  };
  const load = (address: Address, count: number): Ref => {
    const { offset, pointer } = code.operand(address);
    if (count >= 4) return v128.load(offset, elementBytes, pointer);
    if (count === 1) return v128.load32_zero(offset, elementBytes, pointer);
    const pair = v128.load64_zero(offset, elementBytes, pointer);
    return count === 2 ? pair : loadLane(atOffset(address, 2 * elementBytes), 2, pair);
  };
  const store = (address: Address, stride: number, value: Local, count: number): void => {
    const { offset, pointer } = code.operand(address);
    if (stride === elementBytes && count >= 4) {
      code.emit(v128.store(offset, elementBytes, pointer, code.get(value)));
      return;
    }
    const pairs = stride === elementBytes && count >= 2 ? 1 : 0;
    if (pairs === 1) code.emit(v128.store64_lane(offset, elementBytes, 0, pointer, code.get(value)));
    for (let lane = 2 * pairs; lane < count; lane++) {
      const one = code.operand(atOffset(address, lane * stride));
      code.emit(v128.store32_lane(one.offset, elementBytes, lane, one.pointer, code.get(value)));
    }
  };
  return {
    width: 4,
    type: binaryen.v128,
    load,
    gather,
    splat: (address) => {
      const { offset, pointer } = code.operand(address);
      return v128.load32_splat(offset, elementBytes, pointer);
    },
    store,
    zero: () => v128.const(new Uint8Array(16)),
    add: (a, b) => f32x4.add(a, b),
    mul: (a, b) => f32x4.mul(a, b),
    multiplyAdd: (a, b, c) => (relaxed ? relaxedMadd(module, a, b, c) : f32x4.add(f32x4.mul(a, b), c)),
    fromWhole: (a) => f32x4.convert_i32x4_s(a),
    whole: {
      type: binaryen.v128,
      load: (address) => load(address, 4),
      store: (address, value) => {
        const { offset, pointer } = code.operand(address);
        code.emit(v128.store(offset, elementBytes, pointer, value));
      },
      constant: (value) => i32x4.splat(module.i32.const(value)),
      add: (a, b) => i32x4.add(a, b),
      mul: (a, b) => i32x4.mul(a, b),
      and: (a, b) => v128.and(a, b),
      or: (a, b) => v128.or(a, b),
      shiftLeft: (a, bits) => i32x4.shl(a, module.i32.const(bits)),
    },
  };
}
