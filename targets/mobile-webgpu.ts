import { phoneMid } from './profiles/phone-mid.ts';
import type { Target } from './target.ts';

export const mobileWebGpu: Target = {
  name: 'mobile-webgpu',
  description: 'phones: WebGPU where it is there, else wasm SIMD',
  backends: ['webgpu', 'wasm'],
  profile: phoneMid,
  wasm: { modules: ['simd', 'relaxed'], load: 'fetch' },
  syntax: 'es2022',
  classicScript: false,
};
