import { serverCore } from './profiles/server-core.ts';
import type { Target } from './target.ts';

export const node: Target = {
  name: 'node',
  description: 'Node 20.16 and later: wasm SIMD, files read from disk',
  backends: ['wasm'],
  profile: serverCore,
  wasm: { modules: ['simd', 'relaxed'], load: 'fetch' },
  syntax: 'es2022',
  classicScript: false,
};
