import binaryen from 'binaryen';
import type { Ref } from '../kernels/code.ts';

/** What a primitive may ask of the function it is rendered into. */
export interface Surroundings {
  readonly module: binaryen.Module;
  /** float to integer without traps is an instruction (not in wasm's first version) */
  readonly saturates: boolean;
  /** Uses one computed value several times. */
  share(type: binaryen.Type, value: Ref, use: (again: () => Ref) => Ref): Ref;
  /** Calls a function of `intrinsics`, which joins the module on first use. */
  call(name: IntrinsicName, operands: readonly Ref[]): Ref;
}

export type IntrinsicName = keyof typeof intrinsics;

interface Intrinsic {
  readonly params: readonly binaryen.Type[];
  readonly result: binaryen.Type;
  readonly locals: readonly binaryen.Type[];
  build(m: binaryen.Module): Ref;
}

const { i32, f32, f64 } = binaryen;

/** Scalar arithmetic that wasm lacks or traps on; vectors call them lane by lane. Names are those of the functions. */
export const intrinsics = {
  divideSigned: {
    params: [i32, i32],
    result: i32,
    locals: [],
    build: (m) =>
      guardDivisor(m, m.if(isMinusOne(m), m.i32.sub(m.i32.const(0), left(m)), m.i32.div_s(left(m), right(m)))),
  },
  divideUnsigned: {
    params: [i32, i32],
    result: i32,
    locals: [],
    build: (m) => guardDivisor(m, m.i32.div_u(left(m), right(m))),
  },
  remainderSigned: {
    params: [i32, i32],
    result: i32,
    locals: [],
    build: (m) => guardDivisor(m, m.i32.rem_s(left(m), right(m))),
  },
  remainderUnsigned: {
    params: [i32, i32],
    result: i32,
    locals: [],
    build: (m) => guardDivisor(m, m.i32.rem_u(left(m), right(m))),
  },
  /** C's fmodf, exact: subtracts the largest y * 2^e that fits until the rest is below y. */
  remainderFloat: { params: [f32, f32], result: f32, locals: [f64, f64, f64], build: buildFloatRemainder },
} as const satisfies Record<string, Intrinsic>;

const left = (m: binaryen.Module): Ref => m.local.get(0, i32);
const right = (m: binaryen.Module): Ref => m.local.get(1, i32);
const isMinusOne = (m: binaryen.Module): Ref => m.i32.eq(right(m), m.i32.const(-1));
const guardDivisor = (m: binaryen.Module, quotient: Ref): Ref => m.if(right(m), quotient, m.i32.const(0));

function buildFloatRemainder(m: binaryen.Module): Ref {
  const [x, y, t] = [2, 3, 4] as const;
  const get = (local: number): Ref => m.local.get(local, f64);
  const bits = (local: number): Ref => m.i64.reinterpret(get(local));
  const exponent = (value: Ref): Ref => m.i64.and(value, m.i64.const(0x7ff0_0000_0000_0000n));
  const step = m.block(null, [
    m.local.set(t, m.f64.reinterpret(m.i64.add(bits(y), m.i64.sub(exponent(bits(x)), exponent(bits(y)))))),
    m.if(m.f64.gt(get(t), get(x)), m.local.set(t, m.f64.mul(get(t), m.f64.const(0.5)))),
    m.local.set(x, m.f64.sub(get(x), get(t))),
    m.br('reduce'),
  ]);
  const isUndefined = m.i32.or(
    m.i32.eqz(m.f64.lt(get(x), m.f64.const(Number.POSITIVE_INFINITY))),
    m.i32.eqz(m.f64.gt(get(y), m.f64.const(0))),
  );
  return m.block(
    null,
    [
      m.local.set(x, m.f64.abs(m.f64.promote(m.local.get(0, f32)))),
      m.local.set(y, m.f64.abs(m.f64.promote(m.local.get(1, f32)))),
      m.if(isUndefined, m.return(m.f32.const(Number.NaN))),
      m.loop('reduce', m.if(m.f64.ge(get(x), get(y)), step)),
      m.f32.copysign(m.f32.demote(get(x)), m.local.get(0, f32)),
    ],
    f32,
  );
}

/** Adds an intrinsic's function unless the module has it. */
export function requireIntrinsic(module: binaryen.Module, name: IntrinsicName, known: Set<string>): void {
  if (known.has(name)) return;
  known.add(name);
  const { params, result, locals, build }: Intrinsic = intrinsics[name];
  module.addFunction(name, binaryen.createType(params), result, locals, build(module));
}

export const intrinsicResult = (name: IntrinsicName): binaryen.Type => intrinsics[name].result;
