import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dataNotFound, dataNotReadable } from '../diagnostics/data.ts';

/** The bytes of a file, unpacked where they are gzip. @throws LccError LCC7001, LCC7002 */
export function readBytes(file: string): Uint8Array {
  if (!existsSync(file)) throw dataNotFound(file);
  try {
    const bytes = readFileSync(file);
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  } catch (error) {
    throw dataNotReadable(file, reasonOf(error));
  }
}

/** Names in a folder, in alphabetical order. @throws LccError LCC7002 */
export function readFolder(folder: string): { readonly files: readonly string[]; readonly folders: readonly string[] } {
  try {
    const names = readdirSync(folder).sort();
    const isFolder = (name: string): boolean => statSync(join(folder, name)).isDirectory();
    return { files: names.filter((name) => !isFolder(name)), folders: names.filter(isFolder) };
  } catch (error) {
    throw dataNotReadable(folder, reasonOf(error));
  }
}

/** A file that an option names: from the current folder, or else from beside the data. @throws LccError LCC7001 */
export function resolveBeside(data: string, given: string): string {
  const folder = existsSync(data) && statSync(data).isDirectory() ? data : dirname(data);
  const found = [given, join(folder, given)].find((file) => existsSync(file));
  if (found === undefined) throw dataNotFound(given);
  return found;
}

/** Text in the encoding, without a byte order mark. @throws LccError LCC7001, LCC7002 */
export function decodeText(bytes: Uint8Array, encoding: string, file: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw dataNotReadable(file, `it is not ${encoding} text; encoding=latin1 may be right`);
  }
}

/** What went wrong, as the end of a sentence. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/[.\s]+$/, '');
