import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const side = 28;
export const pixels = side * side;

/** Images [count, 28, 28] in 0..255, ink bright; labels [count] in 0..9. */
export interface Digits {
  readonly count: number;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * One half of MNIST from a folder with its four .gz files (IDX format: a big-endian magic number, the sizes, the bytes).
 * @throws Error when a file is missing or is not IDX of bytes
 */
export function readMnist(folder: string, half: 'train' | 't10k'): Digits {
  const images = readIdx(join(folder, `${half}-images-idx3-ubyte.gz`), 3);
  const labels = readIdx(join(folder, `${half}-labels-idx1-ubyte.gz`), 1);
  return { count: labels.length, images, labels };
}

function readIdx(path: string, rank: number): Uint8Array {
  const file = gunzipSync(readFileSync(path));
  if (file.readUInt32BE(0) !== 0x800 + rank) throw new Error(`${path} is not an IDX file of bytes with rank ${rank}`);
  return new Uint8Array(file.subarray(4 + 4 * rank));
}
