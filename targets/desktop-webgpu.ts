import { laptop } from './profiles/laptop.ts';
import type { Target } from './target.ts';

export const desktopWebGpu: Target = {
  name: 'desktop-webgpu',
  description: 'laptops and desktops: WebGPU where it is there, else wasm SIMD',
  backends: ['webgpu', 'wasm'],
  profile: laptop,
  wasm: { modules: ['simd', 'relaxed'], load: 'fetch' },
  syntax: 'es2022',
  classicScript: false,
};
