import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { outputFolderTaken, outputNotWritten } from '../diagnostics/build.ts';

/**
 * Writes a whole bundle folder or leaves the disk as it was: files go into a sibling folder, which then takes the place of an
 * empty folder or an earlier bundle. @param files by path inside the folder. @throws LccError LCC5001 when anything else is there, LCC5003
 */
export async function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await requireReplaceable(folder);
  await holdingSignals(() => replaceFolder(folder, files)).catch((error: NodeJS.ErrnoException) => {
    throw error.code === undefined ? error : outputNotWritten(folder, error.message);
  });
}

async function replaceFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const target = await realpath(folder).catch(() => resolve(folder));
  await mkdir(dirname(target), { recursive: true });
  const staging = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  const fresh = join(staging, 'new');
  try {
    await mkdir(fresh);
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(fresh, path)), { recursive: true });
      await writeFile(join(fresh, path), bytes);
    }
    await takePlace(fresh, target, staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Other processes that may write the same folder at the same time. */
const mostOthers = 100;

/** Puts a folder where another may be, which goes into staging; the later of two processes wins. @throws LccError LCC5001 */
async function takePlace(fresh: string, target: string, staging: string, others = 0): Promise<void> {
  const old = join(staging, `old-${others}`);
  const hadOld = await rename(target, old).then(
    () => true,
    () => false,
  );
  try {
    await rename(fresh, target);
  } catch (error) {
    if (others < mostOthers && isTaken(error)) {
      await requireReplaceable(target);
      return takePlace(fresh, target, staging, others + 1);
    }
    if (hadOld) await rename(old, target);
    throw error;
  }
}

/** A folder has come in between. */
const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** An interrupt ends the process once the work is done, a second one at once: what is half moved would be lost. */
async function holdingSignals(work: () => Promise<void>): Promise<void> {
  let held: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals) => {
    held = signal;
  };
  for (const signal of interrupts) process.once(signal, hold);
  try {
    await work();
  } finally {
    for (const signal of interrupts) process.off(signal, hold);
    if (held !== undefined) process.kill(process.pid, held);
  }
}

/** Whether `writeFolder` may have this place: free, an empty folder, or an earlier bundle. @throws LccError LCC5001 */
export async function requireReplaceable(folder: string): Promise<void> {
  const before = await inodeOf(folder);
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw outputFolderTaken(folder);
  });
  if (entries.length === 0 || (await isBundle(folder))) return;
  // Another process may have put its bundle there in between.
  if ((await inodeOf(folder)) !== before) return requireReplaceable(folder);
  throw outputFolderTaken(folder);
}

/** undefined where nothing is there. */
const inodeOf = async (path: string): Promise<number | undefined> => (await stat(path).catch(() => undefined))?.ino;

/** lcc.json carries the mark of its generator. */
async function isBundle(folder: string): Promise<boolean> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, 'lcc.json'), 'utf8'));
    const mark = typeof manifest === 'object' && manifest !== null && 'generator' in manifest && manifest.generator;
    return typeof mark === 'string' && mark.startsWith('lcc ');
  } catch {
    return false;
  }
}
