import { fstatSync, lstatSync, readlinkSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * A file that appears whole or not at all: it is written beside its place, and what cannot be written leaves nothing. Links are
 * followed; what is no regular file, such as a pipe or a device, and what this process prints to, is written to as it is.
 */
export function writeWhole(file: string, bytes: Uint8Array | string): void {
  const stream = streamOf(file);
  if (stream !== undefined) writeFileSync(stream, bytes);
  else replace(followLinks(file), bytes);
}

function replace(file: string, bytes: Uint8Array | string): void {
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, bytes);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** Where a shell may send them to a file, `/dev/stdout` names that file. */
const outputs = [1, 2];

/** What is written to as it is; undefined for a regular file, or nothing, whose place a new file takes. */
function streamOf(file: string): string | number | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  return found.isFile() ? outputs.find((fd) => isSame(fstatSync(fd), found)) : file;
}

interface Identity {
  readonly dev: number;
  readonly ino: number;
}

const isSame = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino;

/** Where a path leads, be anything there or not; a loop of links has thrown in `stat`. */
function followLinks(path: string): string {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
  return followLinks(resolve(realpathSync(dirname(path)), readlinkSync(path)));
}
