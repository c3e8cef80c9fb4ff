import type { PageRun } from './browser/index.ts';
import { isolation } from './browser/isolation.ts';

/**
 * An isolated page with a bundle, a folder or its files by path, under `/bundle/`. Bundles of edge workers import a compiled module,
 * which no browser does: a map puts one in its place.
 */
export function bundleSite(
  bundle: string | ReadonlyMap<string, Uint8Array>,
): Required<Pick<PageRun, 'folders' | 'files' | 'headers'>> {
  const isFolder = typeof bundle === 'string';
  return {
    folders: isFolder ? { '/bundle/': bundle } : {},
    files: {
      ...(isFolder ? {} : Object.fromEntries([...bundle].map(([path, bytes]) => [`/bundle/${path}`, bytes]))),
      '/index.html': `<!doctype html><meta charset="utf-8">
<script type="importmap">{"imports": {"/bundle/model.wasm": "/compiled.js"}}</script>
<script type="module" src="/lcc-start.js"></script>`,
      '/compiled.js':
        "export default await WebAssembly.compile(await (await fetch('/bundle/model.wasm')).arrayBuffer());\n",
    },
    headers: isolation,
  };
}
