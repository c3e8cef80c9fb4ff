import binaryen from 'binaryen';

type Ref = binaryen.ExpressionRef;
type Ternary = (module: number, op: number, a: Ref, b: Ref, c: Ref) => Ref;

/** binaryen 132 has no typed builder for relaxed SIMD, only its C interface. */
function ternary(module: binaryen.Module, name: string, a: Ref, b: Ref, c: Ref): Ref {
  const raw: object = binaryen;
  const build: unknown = Reflect.get(raw, '_BinaryenSIMDTernary');
  const op: unknown = Reflect.get(raw, name);
  if (!isTernary(build) || typeof op !== 'number') throw new TypeError(`internal: this binaryen has no ${name}`);
  return build(module.ptr, op, a, b, c);
}

const isTernary = (x: unknown): x is Ternary => typeof x === 'function';

/** f32x4.relaxed_madd: a * b + c per lane, rounded once or twice as the machine likes. */
export const relaxedMadd = (module: binaryen.Module, a: Ref, b: Ref, c: Ref): Ref =>
  ternary(module, 'RelaxedMaddVecF32x4', a, b, c);

/**
 * i32x4.relaxed_dot_i8x16_i7x16_add_s: c plus the sums of four products each. Exact and the same on every machine while
 * the bytes of b are from 0 to 127 and those of a above -128.
 */
export const relaxedDot = (module: binaryen.Module, a: Ref, b: Ref, c: Ref): Ref =>
  ternary(module, 'RelaxedDotI8x16I7x16AddSToVecI32x4', a, b, c);
