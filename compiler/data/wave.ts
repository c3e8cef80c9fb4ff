import { dataNotReadable } from '../diagnostics/data.ts';

/** One channel, the mean of all; PCM is -1..1. */
export interface Wave {
  readonly rate: number;
  readonly values: Float32Array;
}

interface Encoding {
  readonly format: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

const pcm = 1;
const float = 3;
const extensible = 0xfffe;

/**
 * RIFF WAVE (Microsoft Multimedia Programming Interface 1.0): PCM of 8 (unsigned), 16, 24 or 32 bits, float of 32 or 64.
 * @throws LccError LCC7002
 */
export function parseWave(bytes: Uint8Array, file: string): Wave {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => new TextDecoder('latin1').decode(bytes.subarray(at, at + 4));
  if (bytes.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') throw dataNotReadable(file, 'it is not a WAV file');
  let encoding: Encoding | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = tag(at);
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    const end = Math.min(body + size, bytes.length);
    if (id === 'fmt ' && end - body >= 16) encoding = parseEncoding(view, body, end - body);
    if (id === 'data') {
      if (encoding === undefined) throw dataNotReadable(file, 'its format chunk is missing');
      // Writers to a pipe leave the size at its largest value.
      if (body + size > bytes.length && size < 0xffffff00) throw dataNotReadable(file, 'it ends within its samples');
      return { rate: encoding.rate, values: decode(view, body, end, encoding, file) };
    }
    at = body + size + (size % 2);
  }
  throw dataNotReadable(file, 'it has no samples');
}

function parseEncoding(view: DataView, at: number, size: number): Encoding {
  const format = view.getUint16(at, true);
  return {
    format: format === extensible && size >= 26 ? view.getUint16(at + 24, true) : format,
    channels: view.getUint16(at + 2, true),
    rate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
}

function decode(
  view: DataView,
  start: number,
  end: number,
  { format, channels, bits }: Encoding,
  file: string,
): Float32Array {
  const read = readerOf(view, format, bits);
  if (read === undefined || channels === 0) {
    throw dataNotReadable(file, `samples of format ${format} with ${bits} bits are not read`);
  }
  const frame = (channels * bits) / 8;
  return Float32Array.from({ length: Math.floor((end - start) / frame) }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += read(start + i * frame + (c * bits) / 8);
    return sum / channels;
  });
}

function readerOf(view: DataView, format: number, bits: number): ((at: number) => number) | undefined {
  if (format === float && bits === 32) return (at) => view.getFloat32(at, true);
  if (format === float && bits === 64) return (at) => view.getFloat64(at, true);
  if (format !== pcm) return undefined;
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (bits === 16) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23;
  return bits === 32 ? (at) => view.getInt32(at, true) / 2 ** 31 : undefined;
}
