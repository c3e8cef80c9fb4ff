import binaryen from 'binaryen';
import type { Code, Ref } from './code.ts';

type Build = (module: number, op: number, ...operands: Ref[]) => Ref;

/** binaryen 132 has no typed builder for relaxed SIMD, only its C interface. */
function build(module: binaryen.Module, arity: 'Binary' | 'SIMDTernary', name: string, ...operands: Ref[]): Ref {
  const raw: object = binaryen;
  const make: unknown = Reflect.get(raw, `_Binaryen${arity}`);
  const op: unknown = Reflect.get(raw, name);
  if (!isBuild(make) || typeof op !== 'number') throw new TypeError(`internal: this binaryen has no ${name}`);
  return make(module.ptr, op, ...operands);
}

const isBuild = (x: unknown): x is Build => typeof x === 'function';

/** f32x4.relaxed_madd: a * b + c per lane, rounded once or twice as the machine likes. */
export const relaxedMadd = (module: binaryen.Module, a: Ref, b: Ref, c: Ref): Ref =>
  build(module, 'SIMDTernary', 'RelaxedMaddVecF32x4', a, b, c);

/**
 * i32x4.relaxed_dot_i8x16_i7x16_add_s: c plus the sums of four products each. Exact and the same on every machine while
 * the bytes of b are from 0 to 127 and those of a above -128.
 */
export const relaxedDot = (module: binaryen.Module, a: Ref, b: Ref, c: Ref): Ref =>
  build(module, 'SIMDTernary', 'RelaxedDotI8x16I7x16AddSToVecI32x4', a, b, c);

/**
 * i16x8.relaxed_dot_i8x16_i7x16_s: sums of two products each. Exact and the same on every machine while the bytes of b
 * are from 0 to 127 and those of a above -128.
 */
export const relaxedPairs = (module: binaryen.Module, a: Ref, b: Ref): Ref =>
  build(module, 'Binary', 'RelaxedDotI8x16I7x16SToVecI16x8', a, b);

/**
 * Whether relaxedPairs serves the machine at hand better than relaxedDot, as an i32: x86-64 without VNNI makes the latter
 * of 16-bit sums that saturate, which shows where b is above 127. Elsewhere it is one exact instruction, whether b counts as
 * signed or not. (V8 11.3's baseline compiler gives none of these sums: it adds relaxedDot to itself instead of to c.)
 */
export function wantsPairs(code: Code): Ref {
  const { v128, i32x4, i32 } = code.module;
  const all = (byte: number): Ref => v128.const(new Uint8Array(16).fill(byte));
  const sums = relaxedDot(code.module, all(127), all(255), all(0));
  const sum = code.keep(binaryen.i32, i32x4.extract_lane(sums, 0));
  const [unsigned, signed] = [4 * 127 * 255, 4 * 127 * -1];
  return i32.and(i32.ne(code.get(sum), i32.const(unsigned)), i32.ne(code.get(sum), i32.const(signed)));
}
