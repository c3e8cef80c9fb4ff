import { addI32, type Code, constant, get, set } from '../../../linalg/wasm/assemble.ts';

/** The instructions on float32 that the kernels need beside those of the assembler (WebAssembly core spec, 5.4.12). */
const simd = (opcode: number): Code => [0xfd, ...(opcode < 128 ? [opcode] : [(opcode & 127) | 128, opcode >> 7])];
const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [...a, ...b, ...simd(opcode)];

export const floats = {
  equal: binary(0x41),
  notEqual: binary(0x42),
  less: binary(0x43),
  greater: binary(0x44),
  lessEqual: binary(0x45),
  greaterEqual: binary(0x46),
  add: binary(0xe4),
  sub: binary(0xe5),
  mul: binary(0xe6),
  div: binary(0xe7),
  min: binary(0xe8),
  max: binary(0xe9),
} as const;

export const nearest = (x: Code): Code => [...x, ...simd(0x6a)];
export const toIntegers = (x: Code): Code => [...x, ...simd(0xf8)];
export const integers = {
  sub: binary(0xb1),
  halve: (x: Code): Code => [...x, ...constant(1), ...simd(0xac)],
} as const;

/** 2^n as float32, of integers n in -126 .. 127: the exponent's bits. */
export function powerOfTwo(n: Code): Code {
  const biased = binary(0xae)(n, [...constant(127), ...simd(0x11)]);
  return [...biased, ...constant(23), ...simd(0xab)];
}

export const and = binary(0x4e);
/** a and not b */
export const andNot = binary(0x4f);
export const or = binary(0x50);
/** Bits of a where `mask` is set, else of b. */
export const choose = (a: Code, b: Code, mask: Code): Code => [...a, ...b, ...mask, ...simd(0x52)];
export const byteNotEqual = binary(0x24);

/** One float in all four lanes. */
export const fourTimes = (value: number): Code => [
  0x43,
  ...new Uint8Array(new Float32Array([value]).buffer),
  ...simd(0x13),
];
/** The float at an address in all four lanes. */
export const loadFourTimes = (address: Code): Code => [...address, ...simd(0x09), 0, 0];
/** One byte in all sixteen lanes, 0 to 63. */
export const sixteenTimes = (byte: number): Code => [0x41, byte, ...simd(0x0f)];

/** Four masks of four lanes of 32 bits as one of sixteen bytes. */
export function narrow(masks: readonly [Code, Code, Code, Code]): Code {
  const halves = binary(0x85);
  return binary(0x65)(halves(masks[0], masks[1]), halves(masks[2], masks[3]));
}

/** Lanes 4 * quarter and on of a mask of sixteen bytes, as one of four lanes of 32 bits. */
export function widen(local: number, quarter: number): Code {
  const toHalf = [...get(local), ...simd(quarter < 2 ? 0x87 : 0x88)];
  return [...toHalf, ...simd(quarter % 2 === 0 ? 0xa7 : 0xa8)];
}

/** Moves an address on. */
export const advance = (local: number, bytes: Code): Code => set(local, addI32(get(local), bytes));
