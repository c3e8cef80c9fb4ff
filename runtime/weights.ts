import type { FillConstants } from './backend.ts';
import type { Decode } from './decode.ts';
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
  /** by form, for those that its segments have; absent when all are raw */
  readonly decoders?: Readonly<Record<number, Decode>>;
}

/** Reads the weights and checks their table. Rejects with code 'fetch', 'damaged' or 'mismatched'. */
export async function readWeights(weights: WeightsDescription, options: LoadOptions): Promise<FillConstants> {
  const { onProgress } = options;
  const opened = await openSource(options.weights ?? weights.source, options.signal);
  const file = await readAll(opened, onProgress && ((loaded) => onProgress(loaded, weights.bytes)));
  onProgress?.(weights.bytes, weights.bytes);
  return parseWeights(file, weights.hash, weights.decoders);
}

/**
 * Reads the FlatBuffers table (schema: compiler/5-emit/schema/model.fbs) by hand, since a general reader weighs more
 * than the rest of the loader: field 0 is `data_offset`, field 1 a vector of the struct `Segment`, five uint32 each,
 * field 5 a vector of the segments' forms, there when they are not all raw.
 */
export function parseWeights(
  file: Uint8Array,
  expected: readonly [number, number],
  decoders?: WeightsDescription['decoders'],
): FillConstants {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number) => view.getUint32(at, true);
  const isHash = ([low, high]: readonly [number, number], at: number) => low === word(at) && high === word(at + 4);
  const segments: Segment[] = [];
  let sound = false;
  try {
    const root = word(0);
    const field = (id: number) => root + view.getUint16(root - view.getInt32(root, true) + 4 + 2 * id, true);
    const tableEnd = word(field(0)) - 8;
    // "LCW1"
    if (word(4) === 0x3157434c && isHash(hashBytes(file.subarray(0, tableEnd)), tableEnd)) {
      if (!isHash(expected, tableEnd)) {
        throw new LccRuntimeError('mismatched', 'the weights file belongs to another build of the model');
      }
      const vectorOf = (id: number) => field(id) + word(field(id));
      const vector = vectorOf(1);
      const forms = decoders ? vectorOf(5) + 4 : 0;
      for (let i = 0, at = vector + 4; i < word(vector); i++, at += 20) {
        const decode = decoders?.[view.getUint8(forms + i)];
        segments.push({ hashAt: at, start: word(at + 8), size: word(at + 12), address: word(at + 16), decode });
      }
      sound = segments.every(({ start, size }) => start + size <= file.length);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const requireSound = (isSound: boolean): void => {
    if (!isSound) throw new LccRuntimeError('damaged', 'the weights file is damaged');
  };
  requireSound(sound);
  return (image, hash) => {
    for (const { hashAt, start, size, address, decode } of segments) {
      const bytes = file.subarray(start, start + size);
      // Of what is decoded too: it is smaller than its place.
      image.set(bytes, address);
      requireSound(isHash(hash ? hash(address, size) : hashBytes(bytes), hashAt));
      decode?.(bytes, new Float32Array(image.buffer, image.byteOffset + address));
    }
  };
}

/** Positions in the file, but for the address in the constant image, and what puts it there when it is not raw. */
interface Segment {
  readonly hashAt: number;
  readonly start: number;
  readonly size: number;
  readonly address: number;
  readonly decode: Decode | undefined;
}
