import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where measured trials are remembered: beside the nearest installed packages; undefined without any. */
export function findCacheFolder(from: string): string | undefined {
  const modules = join(from, 'node_modules');
  if (existsSync(modules)) return join(modules, '.cache', 'lcc');
  return dirname(from) === from ? undefined : findCacheFolder(dirname(from));
}
