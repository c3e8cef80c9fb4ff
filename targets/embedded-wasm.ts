import { tv } from './profiles/tv.ts';
import type { Target } from './target.ts';

export const embeddedWasm: Target = {
  name: 'embedded-wasm',
  description: 'old embedded browsers, TVs: the first version of wasm, ES2017, also as a classic script',
  backends: ['wasm'],
  profile: tv,
  wasm: { modules: ['scalar'], load: 'fetch' },
  syntax: 'es2017',
  classicScript: true,
};
