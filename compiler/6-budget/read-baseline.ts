import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { baselineInvalid, baselineNotFound } from '../diagnostics/budget.ts';
import { type FoundManifest, parseManifest, readManifest } from './read-bundle.ts';

const run = promisify(execFile);

/**
 * The lcc.json of an earlier build of a bundle: its path, an earlier bundle's folder, a folder of bundles by name, or a git ref
 * in which the bundle's lcc.json is committed.
 * @param baseline relative to `cwd` @throws LccError LCC6103, LCC6104, LCC6107
 */
export async function readBaseline(baseline: string, bundle: string, cwd: string): Promise<FoundManifest> {
  const path = resolve(cwd, baseline);
  const kind = await stat(path).then(
    (entry) => (entry.isDirectory() ? 'folder' : 'file'),
    () => 'ref',
  );
  if (kind === 'ref') return parse(await readFromGit(baseline, bundle), `${baseline}:${basename(bundle)}/lcc.json`);
  const places = kind === 'file' ? [path] : [join(path, 'lcc.json'), join(path, basename(bundle), 'lcc.json')];
  for (const place of places) {
    const text = await readFile(place, 'utf8').catch(() => undefined);
    if (text !== undefined) return parse(text, place);
  }
  throw baselineNotFound(baseline, `${path} holds no lcc.json of ${basename(bundle)}`);
}

function parse(text: string, where: string): FoundManifest {
  const manifest = parseManifest(text);
  if (typeof manifest === 'string') throw baselineInvalid(where, manifest);
  return manifest;
}

/** The bundle's lcc.json as it was committed. @throws LccError LCC6103 without the bundle */
async function readFromGit(ref: string, bundle: string): Promise<string> {
  await readManifest(bundle);
  try {
    const { stdout } = await run('git', ['show', `${ref}:./lcc.json`], { cwd: bundle, maxBuffer: 2 ** 28 });
    return stdout;
  } catch (error) {
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : undefined;
    throw baselineNotFound(ref, reason || 'there is no such file, and git cannot tell');
  }
}
