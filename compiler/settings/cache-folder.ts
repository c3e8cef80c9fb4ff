import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where measured trials are remembered: beside the nearest installed packages; without any, with the user's caches. */
export async function findCacheFolder(from: string): Promise<string> {
  const modules = join(from, 'node_modules');
  if (existsSync(modules)) return join(modules, '.cache', 'lcc');
  if (dirname(from) !== from) return findCacheFolder(dirname(from));
  const { default: envPaths } = await import('env-paths');
  return envPaths('lcc', { suffix: '' }).cache;
}
