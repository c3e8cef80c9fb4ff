import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleFiles, readBundleFolder } from '../6-budget/read-bundle.ts';
import { LccError } from '../diagnostics/index.ts';
import type { CompileOptions } from '../ir/bundle.ts';

/** Where a cache has the bundle of a key. */
export const bundleFolder = (cache: string, key: string): string => join(cache, 'bundles', key);

/**
 * A bundle in its folder, its files as they were written; what is not whole counts as none. So does any while a plan is
 * still to be written: only a compile writes it.
 */
export async function recallBundle(folder: string, plan: CompileOptions['plan']): Promise<BundleFiles | undefined> {
  if (typeof plan === 'string' && !existsSync(plan)) return undefined;
  const bundle = await readBundleFolder(folder).catch((error: unknown) => {
    if (error instanceof LccError) return undefined;
    throw error;
  });
  if (!bundle || ![...bundle.files].every(([path, bytes]) => bundle.manifest.files[path]?.sha256 === sha256(bytes)))
    return undefined;
  const now = new Date();
  utimesSync(folder, now, now);
  return bundle;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bundles of a cache at most. */
const mostBundles = 100;

/** Those not asked for for longest go. Other processes write and forget here too: what is listed may be gone. */
export function forgetOldest(cache: string): void {
  const folders = readdirSync(join(cache, 'bundles')).map((key) => bundleFolder(cache, key));
  const dated = folders.flatMap((folder) => {
    const stats = statSync(folder, { throwIfNoEntry: false });
    return stats ? [{ folder, at: stats.mtimeMs }] : [];
  });
  const old = dated.sort((a, b) => b.at - a.at).slice(mostBundles);
  for (const { folder } of old) rmSync(folder, { recursive: true, force: true });
}
