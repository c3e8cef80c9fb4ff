import { serverCore } from './profiles/server-core.ts';
import type { Target } from './target.ts';

export const edgeWorker: Target = {
  name: 'edge-worker',
  description: 'edge workers: wasm imported as a module, nothing fetched to compile',
  backends: ['wasm'],
  profile: serverCore,
  wasm: { modules: ['simd'], load: 'import' },
  syntax: 'es2022',
  classicScript: false,
};
