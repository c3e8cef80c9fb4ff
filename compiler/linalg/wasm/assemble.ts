/**
 * The few instructions that the float64 kernels need (WebAssembly core spec, 5.4), so that loading them takes no
 * code generator and no waiting.
 */
export type Code = readonly number[];

/** Value types (5.3.1). */
export const i32 = 0x7f;
export const f64 = 0x7c;
export const v128 = 0x7b;
export type ValueType = typeof i32 | typeof f64 | typeof v128;

/** LEB128, unsigned (5.2.2). */
function unsigned(value: number): Code {
  const low = value & 127;
  return value < 128 ? [low] : [low | 128, ...unsigned(value >>> 7)];
}

/** LEB128, signed. */
function signed(value: number): Code {
  const low = value & 127;
  const rest = value >> 7;
  return (rest === 0 && low < 64) || (rest === -1 && low >= 64) ? [low] : [low | 128, ...signed(rest)];
}

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];
const anyAlignment = 0;

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const constant = (value: number): Code => [0x41, ...signed(value)];
export const addI32 = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const subI32 = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
export const loadPair = (address: Code, offset = 0): Code => [
  ...address,
  ...simd(0x00),
  anyAlignment,
  ...unsigned(offset),
];
export const loadSplat = (address: Code, offset = 0): Code => [
  ...address,
  ...simd(0x0a),
  anyAlignment,
  ...unsigned(offset),
];
export const storePair = (address: Code, value: Code, offset = 0): Code => [
  ...address,
  ...value,
  ...simd(0x0b),
  anyAlignment,
  ...unsigned(offset),
];
export const splat = (value: Code): Code => [...value, ...simd(0x14)];
export const zeroPair = splat([0x44, 0, 0, 0, 0, 0, 0, 0, 0]);
export const lane = (pair: Code, index: 0 | 1): Code => [...pair, ...simd(0x21), index];
export const add = (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf0)];
export const sub = (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf1)];
export const mul = (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf2)];
export const addF64 = (a: Code, b: Code): Code => [...a, ...b, 0xa0];

/** Runs the body `local` times, at least once; counts the local down to 0. */
export const repeat = (local: number, body: Code): Code => [
  0x03,
  0x40,
  ...body,
  ...set(local, subI32(get(local), constant(1))),
  ...get(local),
  0x0d,
  0,
  0x0b,
];

export interface Func {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result?: ValueType;
  /** Locals after the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (name: string): Code => sized([...new TextEncoder().encode(name)]);
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];

/** A module that imports its memory as `env.memory` and exports the functions by name (5.5). */
export function assemble(functions: readonly Func[]): Uint8Array<ArrayBuffer> {
  const type = ({ parameters, result }: Func): Code => [
    0x60,
    ...list(parameters.map((one) => [one])),
    ...list(result === undefined ? [] : [[result]]),
  ];
  const code = ({ locals, body }: Func): Code => sized([...list(locals.map((one) => [1, one])), ...body, 0x0b]);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, functions.map(type)),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, ...unsigned(0)]]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]),
    ),
    ...section(10, functions.map(code)),
  ]);
}
