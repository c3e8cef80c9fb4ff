import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** A file that appears whole or not at all: it is written beside its place, and what cannot be written leaves nothing. */
export function writeWhole(file: string, bytes: Uint8Array | string): void {
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, bytes);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
