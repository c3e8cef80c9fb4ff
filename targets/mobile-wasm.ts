import { phoneMid } from './profiles/phone-mid.ts';
import type { Target } from './target.ts';

export const mobileWasm: Target = {
  name: 'mobile-wasm',
  description: 'phones without WebGPU: wasm SIMD, relaxed SIMD where it is there',
  backends: ['wasm'],
  profile: phoneMid,
  wasm: { modules: ['simd', 'relaxed'], load: 'fetch' },
  syntax: 'es2022',
  classicScript: false,
};
