import { readFile, stat } from 'node:fs/promises';
import { createServer, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const mimeTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

export interface Site {
  /** folders by URL prefix (`/bundle/`); the longest matching prefix wins */
  readonly folders?: Readonly<Record<string, string>>;
  /** single files by URL path (`/index.html`); they go before folders */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** sent with every answer, such as content-security-policy */
  readonly headers?: OutgoingHttpHeaders;
}

export interface StaticServer {
  /** `http://127.0.0.1:<port>`, no slash at the end */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves files on the loopback interface only, on a free port, uncached. */
export async function serve(site: Site): Promise<StaticServer> {
  const server = createServer((request, response) => answerFrom(site, request.url ?? '/', response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers a request for `url` with the site's file, uncached, or with 404. */
export async function answerFrom(site: Site, url: string, response: ServerResponse): Promise<void> {
  const path = pathOf(url);
  const body = path === undefined ? undefined : await readSite(site, path);
  if (path === undefined || body === undefined) {
    response.writeHead(404, site.headers).end();
    return;
  }
  response.writeHead(200, {
    'content-type': mimeTypes[extname(path)] ?? 'application/octet-stream',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...site.headers,
  });
  response.end(body);
}

function pathOf(url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    return path.endsWith('/') ? `${path}index.html` : path;
  } catch {
    return undefined;
  }
}

async function readSite(site: Site, path: string): Promise<string | Uint8Array | undefined> {
  const file = site.files?.[path];
  if (file !== undefined) return file;
  const prefix = Object.keys(site.folders ?? {})
    .filter((candidate) => path.startsWith(candidate))
    .sort((a, b) => b.length - a.length)[0];
  const folder = prefix === undefined ? undefined : site.folders?.[prefix];
  if (prefix === undefined || folder === undefined) return undefined;
  const root = normalize(folder + sep);
  const target = normalize(join(root, path.slice(prefix.length)));
  if (!target.startsWith(root)) return undefined;
  const isFile = await stat(target).then(
    (entry) => entry.isFile(),
    () => false,
  );
  return isFile ? readFile(target) : undefined;
}
