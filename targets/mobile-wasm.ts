import type { Target } from './target.ts';

export const mobileWasm: Target = {
  name: 'mobile-wasm',
  description: 'phones without WebGPU: wasm SIMD, relaxed SIMD where it is there',
  backends: ['wasm'],
  profile: 'phone-mid',
  wasm: { modules: ['simd', 'relaxed'], load: 'fetch' },
  syntax: 'es2022',
  classicScript: false,
};
