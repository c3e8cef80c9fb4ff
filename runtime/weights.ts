import type { FillConstants } from './backend.ts';
import { LccRuntimeError } from './error.ts';
import { hashBytes } from './hash.ts';
import type { LoadOptions, Source } from './options.ts';
import { openSource, readAll } from './source.ts';

/** The weights file that belongs to a bundle. */
export interface WeightsDescription {
  /** where it lies unless `load` is told otherwise */
  readonly source: () => Source;
  readonly bytes: number;
  /** hash of its table, which holds those of all segments */
  readonly hash: readonly [low: number, high: number];
}

/** Reads and checks the weights. Rejects with code 'fetch', 'damaged' or 'mismatched'. */
export async function readWeights(weights: WeightsDescription, options: LoadOptions): Promise<FillConstants> {
  const { onProgress } = options;
  const opened = await openSource(options.weights ?? weights.source, options.signal);
  const file = await readAll(opened, onProgress && ((loaded) => onProgress(loaded, weights.bytes)));
  onProgress?.(weights.bytes, weights.bytes);
  return parseWeights(file, weights.hash);
}

/**
 * Reads the FlatBuffers table (schema: compiler/5-emit/schema/model.fbs) by hand, since a general reader weighs more
 * than the rest of the loader: field 0 is `data_offset`, field 1 a vector of the struct `Segment`, five uint32 each.
 */
export function parseWeights(file: Uint8Array, expected: readonly [number, number]): FillConstants {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number) => view.getUint32(at, true);
  const isHash = (start: number, end: number, low: number, high: number) => {
    const hash = hashBytes(file.subarray(start, end));
    return end <= file.length && hash[0] === low && hash[1] === high;
  };
  const segments: [start: number, end: number, address: number][] = [];
  let sound = false;
  try {
    const root = word(0);
    const field = (id: number) => root + view.getUint16(root - view.getInt32(root, true) + 4 + 2 * id, true);
    const tableEnd = word(field(0)) - 8;
    // "LCW1"
    if (word(4) === 0x3157434c && isHash(0, tableEnd, word(tableEnd), word(tableEnd + 4))) {
      if (word(tableEnd) !== expected[0] || word(tableEnd + 4) !== expected[1]) {
        throw new LccRuntimeError('mismatched', 'the weights file belongs to another build of the model');
      }
      const vector = field(1) + word(field(1));
      sound = true;
      for (let i = 0, at = vector + 4; i < word(vector); i++, at += 20) {
        const start = word(at + 8);
        const end = start + word(at + 12);
        sound = sound && isHash(start, end, word(at), word(at + 4));
        segments.push([start, end, word(at + 16)]);
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    sound = false;
  }
  if (!sound) throw new LccRuntimeError('damaged', 'the weights file is damaged');
  return (image) => {
    for (const [start, end, address] of segments) image.set(file.subarray(start, end), address);
  };
}
