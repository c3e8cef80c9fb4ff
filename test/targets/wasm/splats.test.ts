import binaryen from 'binaryen';
import { expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { emitWasm } from '../../../targets/wasm/emit.ts';
import { Splats } from '../../../targets/wasm/splats.ts';
import { graphOf } from '../../3-compress/pass-case.ts';

it('equal bits share one global, which optimising leaves in place', () => {
  const module = new binaryen.Module();
  try {
    module.setFeatures(binaryen.Features.SIMD128);
    const splats = new Splats(module);
    const [a, b, c] = [splats.get(0x3f800000), splats.get(-1), splats.get(0x3f800000)];
    const body = module.f32x4.add(module.f32x4.add(a, b), c);
    module.addFunction('f', binaryen.none, binaryen.v128, [], body);
    module.addFunctionExport('f', 'f');
    module.runPasses(['precompute', 'vacuum']);
    expect(module.validate()).toBe(1);
    const text = module.emitText();
    expect(text.match(/\(global \$splat/g)).toHaveLength(2);
    expect(text.match(/global\.get \$splat0/g)).toHaveLength(2);
    expect(text).toContain('v128.const i32x4 0x3f800000 0x3f800000 0x3f800000 0x3f800000');
  } finally {
    module.dispose();
  }
});

it('composites read their constants so, with SIMD only', () => {
  const program = lower(graphOf((g) => g.add('erf', [g.add('linear', [g.input([4, 8]), g.constant([8, 8], 0.1)])])));
  const textOf = (features: 'simd' | 'scalar'): string => {
    const module = binaryen.readBinary(emitWasm(program, features).bytes);
    const text = module.emitText();
    module.dispose();
    return text;
  };
  expect(textOf('simd')).toMatch(/\(mut v128\)/);
  expect(textOf('scalar')).not.toMatch(/v128/);
});
