import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A spoken digit of the Free Spoken Digit Dataset. */
export interface Recording {
  readonly digit: number;
  readonly speaker: string;
  /** counts what one speaker recorded of one digit */
  readonly index: number;
  /** 8,000 a second, -1..1 */
  readonly samples: Float32Array;
}

/** Every `<digit>_<speaker>_<index>.wav` of the data set's .tar.gz, in the order of their names. */
export function readRecordings(archive: string): Recording[] {
  const recordings = filesOf(gunzipSync(readFileSync(archive))).flatMap(({ name, bytes }) => {
    const [, digit, speaker = '', index] = /(\d)_(\w+)_(\d+)\.wav$/.exec(name) ?? [];
    return digit === undefined
      ? []
      : [{ digit: +digit, speaker, index: Number(index), samples: samplesOf(bytes, name) }];
  });
  if (recordings.length === 0) throw new Error(`${archive} has no <digit>_<speaker>_<index>.wav`);
  return recordings.sort(
    (a, b) => a.digit - b.digit || (a.speaker < b.speaker ? -1 : a.speaker > b.speaker ? 1 : a.index - b.index),
  );
}

/** POSIX tar: a header of 512 bytes, name at 0, size in octal at 124; then the file, filled up to 512. */
function filesOf(tar: Uint8Array): { readonly name: string; readonly bytes: Uint8Array }[] {
  const files: { name: string; bytes: Uint8Array }[] = [];
  const text = (at: number, length: number): string =>
    new TextDecoder('latin1').decode(tar.subarray(at, at + length)).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length; ) {
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    files.push({ name: text(at, 100), bytes: tar.subarray(at + 512, at + 512 + size) });
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return files;
}

/** RIFF WAVE as the data set has it: one channel of 16 bits, 8,000 a second. */
function samplesOf(bytes: Uint8Array, name: string): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => new TextDecoder('latin1').decode(bytes.subarray(at, at + 4));
  const chunks = new Map<string, { at: number; size: number }>();
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    chunks.set(tag(at), { at: at + 8, size });
    at += 8 + size + (size % 2);
  }
  const format = chunks.get('fmt ');
  const data = chunks.get('data');
  const isAsExpected =
    format !== undefined &&
    view.getUint16(format.at + 2, true) === 1 &&
    view.getUint32(format.at + 4, true) === 8000 &&
    view.getUint16(format.at + 14, true) === 16;
  if (!isAsExpected || data === undefined) throw new Error(`${name} is not one channel of 16 bits at 8,000 Hz`);
  return Float32Array.from({ length: data.size / 2 }, (_, i) => view.getInt16(data.at + 2 * i, true) / 2 ** 15);
}
