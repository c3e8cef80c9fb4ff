import binaryen from 'binaryen';
import type { Code, Local, Ref } from './code.ts';

/** 1.5 * 2^23: a float32 of that size has its integer in the low bits. */
const magic = 12582912;
const magicBits = 0x4b400000;

/** How float32 values become codes. */
export interface Rounding {
  readonly inverseScale: number;
  /** a whole number: products below it, and NaN, count as it */
  readonly low: number;
  /** code of the value 0 */
  readonly zero: number;
}

/**
 * round(max(x * inverseScale, low)) + zero of four values, as i32x4, computed as
 * bits(max(x * inverseScale, low) + magic) - (bits(magic) - zero). The bound is whole, so it may come before rounding; of
 * products above 2^22 the bits are no integer, but still too large.
 */
export function makeRound(code: Code, { inverseScale, low, zero }: Rounding): (x: Ref) => Ref {
  const { f32, i32, f32x4, i32x4 } = code.module;
  const splat = (value: number): Local => code.keep(binaryen.v128, f32x4.splat(f32.const(value)));
  const [scale, least, big] = [splat(inverseScale), splat(low), splat(magic)];
  const shift = code.keep(binaryen.v128, i32x4.splat(i32.const(magicBits - zero)));
  return (x) => {
    const bounded = f32x4.pmax(code.get(least), f32x4.mul(x, code.get(scale)));
    return i32x4.sub(f32x4.add(bounded, code.get(big)), code.get(shift));
  };
}

/** Locals that one value goes through on its way to a code. */
export interface Passage {
  readonly scaled: Local;
  readonly whole: Local;
}

export const makePassage = (code: Code): Passage => ({
  scaled: code.local(binaryen.f32),
  whole: code.local(binaryen.i32),
});

/** The same of one value, as i32, and at most `most`. */
export function roundOne(
  code: Code,
  x: Ref,
  { inverseScale, low, zero }: Rounding,
  most: number,
  { scaled, whole }: Passage,
): Ref {
  const { f32, i32 } = code.module;
  code.set(scaled, f32.mul(x, f32.const(inverseScale)));
  const isAbove = f32.gt(code.get(scaled), f32.const(low));
  code.set(scaled, code.module.select(isAbove, code.get(scaled), f32.const(low)));
  const bits = i32.reinterpret(f32.add(code.get(scaled), f32.const(magic)));
  code.set(whole, i32.sub(bits, i32.const(magicBits - zero)));
  const isBelow = i32.lt_s(code.get(whole), i32.const(most));
  return code.module.select(isBelow, code.get(whole), i32.const(most));
}
