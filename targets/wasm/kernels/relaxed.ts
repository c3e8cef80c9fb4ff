import binaryen from 'binaryen';

type Ref = binaryen.ExpressionRef;
type Ternary = (module: number, op: number, a: Ref, b: Ref, c: Ref) => Ref;

/** binaryen 132 has no typed builder for relaxed SIMD, only its C interface. */
function rawTernary(): { readonly build: Ternary; readonly madd: number } {
  const raw: object = binaryen;
  const build: unknown = Reflect.get(raw, '_BinaryenSIMDTernary');
  const madd: unknown = Reflect.get(raw, 'RelaxedMaddVecF32x4');
  if (!isTernary(build) || typeof madd !== 'number') throw new TypeError('internal: this binaryen has no relaxed SIMD');
  return { build, madd };
}

const isTernary = (x: unknown): x is Ternary => typeof x === 'function';

/** f32x4.relaxed_madd: a * b + c per lane, rounded once or twice as the machine likes. */
export function relaxedMadd(module: binaryen.Module, a: Ref, b: Ref, c: Ref): Ref {
  const { build, madd } = rawTernary();
  return build(module.ptr, madd, a, b, c);
}
