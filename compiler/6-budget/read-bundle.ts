import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join, normalize } from 'node:path';
import type { Backend } from '../../targets/target.ts';
import { notABundle } from '../diagnostics/budget.ts';
import type { Bundle } from '../ir/bundle.ts';
import type { Manifest, Sizes } from '../ir/report.ts';

/** What is sure to be in an lcc.json, be it of an earlier version, and what may be. */
export type FoundManifest = Pick<Manifest, 'generator' | 'files'> & Partial<Omit<Manifest, 'generator' | 'files'>>;

/** What is meant where no backend is named: wasm, where the bundle has it. */
export const usualBackend = ({ backends = ['wasm'] }: Pick<FoundManifest, 'backends'>): Backend =>
  backends.includes('wasm') ? 'wasm' : 'webgpu';

export interface BundleFiles {
  readonly manifest: FoundManifest;
  /** those that the manifest lists, by path */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a budget may call a bundle: its folder, and what its lcc.json says, where there is one. */
export async function namesOf(folder: string): Promise<string[]> {
  const manifest = parseManifest(await readFile(join(folder, 'lcc.json'), 'utf8').catch(() => ''));
  const { name = undefined }: Partial<Manifest> = typeof manifest === 'string' ? {} : manifest;
  return [basename(folder), ...(name === undefined ? [] : [name])];
}

/** A bundle folder. @throws LccError LCC6103 */
export async function readBundleFolder(folder: string): Promise<BundleFiles> {
  const manifest = await readManifest(folder);
  const files = await Promise.all(
    Object.keys(manifest.files).map(async (path) => {
      const inside = !isAbsolute(path) && !normalize(path).startsWith('..');
      const bytes = inside ? await readFile(join(folder, path)).catch(() => undefined) : undefined;
      if (bytes === undefined) throw notABundle(folder, `${path} is missing`);
      return [path, new Uint8Array(bytes)] as const;
    }),
  );
  return { manifest, files: new Map(files) };
}

/** A bundle that is still in memory. @throws LccError LCC6103 */
export async function readBundle(bundle: Bundle): Promise<BundleFiles> {
  const files = await bundle.files();
  const manifest = parseManifest(new TextDecoder().decode(files.get('lcc.json')));
  if (typeof manifest === 'string') throw notABundle(bundle.report.name, manifest);
  return { manifest, files };
}

/** @throws LccError LCC6103 when the folder has no lcc.json of lcc's making */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, 'lcc.json'), 'utf8').catch(() => undefined);
  if (text === undefined) throw notABundle(folder, 'lcc.json is missing');
  const manifest = parseManifest(text);
  if (typeof manifest === 'string') throw notABundle(folder, manifest);
  return manifest;
}

/** The manifest, or why it is none. Its mark and its files are checked; the rest is trusted to whoever set the mark. */
export function parseManifest(text: string): Manifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return isManifest(value) ? value : 'lcc.json was not written by lcc';
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null || !('generator' in value) || !('files' in value)) return false;
  const { generator, files } = value;
  if (typeof generator !== 'string' || !generator.startsWith('lcc ')) return false;
  return typeof files === 'object' && files !== null && Object.values(files).every((file) => isSizes(file?.sizes));
}

function isSizes(value: unknown): value is Sizes {
  if (typeof value !== 'object' || value === null) return false;
  return 'raw' in value && 'gzip' in value && 'brotli' in value;
}
