import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Connect, Environment } from 'vite';
import type { BuiltImport } from './build-import.ts';
import { placeFiles } from './place-files.ts';

export interface ServedBundles {
  /** The module of a model whose files a dev server hands out, or which code for servers reads where they lie. */
  place(environment: Environment, built: BuiltImport): string;
  /** @param base of the server, such as `/` */
  answer(base: string): Connect.NextHandleFunction;
}

/** Files of placed bundles under `<base>@lcc/<key>/`; nothing else is handed out. */
export function serveBundles(): ServedBundles {
  const bundles = new Map<string, BuiltImport>();
  return {
    place: ({ config }, built) => {
      const { key, folder, files } = built;
      bundles.set(key, built);
      return placeFiles(files, ({ path }) => {
        if (config.consumer === 'server') return `new URL(${JSON.stringify(pathToFileURL(join(folder, path)).href)})`;
        return `new URL(/* @vite-ignore */ ${JSON.stringify(`${config.base}@lcc/${key}/${path}`)}, import.meta.url)`;
      });
    },
    answer: (base) => (request, response, next) => {
      const [, key = '', path = ''] = /^@lcc\/(\w+)\/([\w.]+)$/.exec(pathOf(request.url, base)) ?? [];
      const bytes = bundles.get(key)?.files.get(path);
      if (bytes === undefined) return next();
      const type = path.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
      // The key names the content.
      response.setHeader('Cache-Control', 'max-age=31536000, immutable');
      response.setHeader('Content-Type', type).setHeader('Content-Length', bytes.length).end(bytes);
    },
  };
}

/** What a request asks for under the base, without query; '' for what is not under it. */
function pathOf(url = '', base: string): string {
  const path = url.replace(/[?#].*$/s, '');
  return path.startsWith(base) ? path.slice(base.length) : '';
}
