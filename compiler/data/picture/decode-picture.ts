import { dataNotReadable } from '../../diagnostics/data.ts';
import { reasonOf } from '../read-source.ts';
import type { Picture } from './picture.ts';

export const isPictureName = (name: string): boolean => /\.(png|jpe?g)$/i.test(name);

/** A PNG or JPEG file, whichever its bytes say; an alpha channel is dropped. @throws LccError LCC7002 */
export async function decodePicture(bytes: Uint8Array, file: string): Promise<Picture> {
  try {
    return bytes[0] === 0x89 ? await decodePng(bytes) : await decodeJpeg(bytes);
  } catch (error) {
    throw dataNotReadable(file, reasonOf(error));
  }
}

async function decodeJpeg(bytes: Uint8Array): Promise<Picture> {
  const { default: jpeg } = await import('jpeg-js');
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false });
  return { width, height, channels: 3, data };
}

async function decodePng(bytes: Uint8Array): Promise<Picture> {
  const { decode, convertIndexedToRgb } = await import('fast-png');
  const png = decode(bytes, { checkCrc: true });
  const { width, height, depth } = png;
  if (png.palette) {
    const channels = png.palette[0]?.length ?? 3;
    return { width, height, channels: 3, data: dropAlpha(Uint8Array.from(convertIndexedToRgb(png)), channels, 3) };
  }
  const values = depth < 8 ? unpackBits(png.data, width, height, depth) : png.data;
  const highest = 2 ** depth - 1;
  const data =
    highest === 255 ? Uint8Array.from(values) : Uint8Array.from(values, (v) => Math.round((v * 255) / highest));
  const channels = png.channels < 3 ? 1 : 3;
  return { width, height, channels, data: dropAlpha(data, png.channels, channels) };
}

/** Grey pixels of 1, 2 or 4 bits, the first in the high bits; each row starts on a byte. */
function unpackBits(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * rowBytes + Math.floor(bit / 8)] ?? 0;
    return (byte >> (8 - depth - (bit % 8))) & (2 ** depth - 1);
  });
}

function dropAlpha(data: Uint8Array, has: number, keep: number): Uint8Array {
  if (has === keep) return data;
  return Uint8Array.from(
    { length: (data.length / has) * keep },
    (_, e) => data[Math.floor(e / keep) * has + (e % keep)] ?? 0,
  );
}
