import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { fillFolder } from './fill-folder.ts';

export interface CarriedBrowser {
  readonly path: string;
  /** NSS and expat, for machines that have neither; only the browser's own process may see them */
  readonly libraries: string;
}

const packageName = '@sparticuz/chromium';

/**
 * The browser inside the optional package @sparticuz/chromium (Linux on x64), unpacked once per version into the system's
 * temporary folder; undefined without the package.
 */
export async function unpackCarriedBrowser(): Promise<CarriedBrowser | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const entry = resolvePackage();
  if (entry === undefined) return undefined;
  const folder = join(tmpdir(), `lcc-browser-${await versionOf(entry)}`);
  await fillFolder(folder, (staging) => unpack(entry, staging));
  return { path: join(folder, 'chromium'), libraries: join(folder, 'al2023', 'lib') };
}

function resolvePackage(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(packageName);
  } catch {
    return undefined;
  }
}

async function versionOf(entry: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageFolder(entry), 'package.json'), 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}

const packageFolder = (entry: string): string =>
  entry.slice(0, entry.lastIndexOf(packageName.replace('/', entry.includes('\\') ? '\\' : '/')) + packageName.length);

/** The package decides by its environment where it unpacks and whether the libraries come along: so in a child process. */
async function unpack(entry: string, folder: string): Promise<void> {
  const script = `import(${JSON.stringify(pathToFileURL(entry).href)}).then((carrier) => (carrier.default.default ?? carrier.default).executablePath());`;
  await promisify(execFile)(process.execPath, ['-e', script], {
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' },
  });
}
