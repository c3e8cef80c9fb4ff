import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
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
  const old = join(staging, 'old');
  try {
    await mkdir(fresh);
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(fresh, path)), { recursive: true });
      await writeFile(join(fresh, path), bytes);
    }
    const hadOld = await rename(target, old).then(
      () => true,
      () => false,
    );
    await rename(fresh, target).catch(async (error: unknown) => {
      if (hadOld) await rename(old, target);
      throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

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
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw outputFolderTaken(folder);
  });
  if (entries.length > 0 && !(await isBundle(folder))) throw outputFolderTaken(folder);
}

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
