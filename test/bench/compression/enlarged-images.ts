import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const side = 32;
const imageBytes = 1 + 3 * side * side;

/** Colour images [3, 32, 32] of CIFAR-10 in their order, made larger. */
export interface EnlargedImages {
  /** Image i as [3, height, width]; `scale` maps a pixel 0..255 of a channel. */
  at(i: number, height: number, width: number, scale: (pixel: number, channel: number) => number): Float32Array;
}

/** The first 10,000 training images: the binary version's data_batch_1, gzipped. */
export function readEnlargedImages(shared: string): EnlargedImages {
  const file = gunzipSync(readFileSync(join(shared, 'data', 'cifar10', 'data_batch_1.bin.gz')));
  return {
    at: (i, height, width, scale) => {
      const out = new Float32Array(3 * height * width);
      const image = file.subarray(i * imageBytes + 1, (i + 1) * imageBytes);
      if (image.length < 3 * side * side) throw new RangeError(`image ${i}`);
      for (let channel = 0; channel < 3; channel++) {
        const pixels = image.subarray(channel * side * side, (channel + 1) * side * side);
        const area = out.subarray(channel * height * width, (channel + 1) * height * width);
        enlarge(pixels, area, height, width, (pixel) => scale(pixel, channel));
      }
      return out;
    },
  };
}

/** Bilinear, pixel centres at halves (OpenCV's INTER_LINEAR), the border repeated. */
function enlarge(
  pixels: Uint8Array,
  out: Float32Array,
  height: number,
  width: number,
  scale: (pixel: number) => number,
): void {
  const columns = Array.from({ length: width }, (_, x) => neighbours(x, width));
  for (let y = 0; y < height; y++) {
    const [top, bottom, down] = neighbours(y, height);
    columns.forEach(([left, right, across], x) => {
      const at = (row: number): number => {
        const first = pixels[row * side + left] ?? 0;
        return first + across * ((pixels[row * side + right] ?? 0) - first);
      };
      const upper = at(top);
      out[y * width + x] = scale(upper + down * (at(bottom) - upper));
    });
  }
}

/** The two source pixels of one target pixel, and the weight of the second. */
function neighbours(at: number, size: number): readonly [number, number, number] {
  const from = Math.min(side - 1, Math.max(0, ((at + 0.5) * side) / size - 0.5));
  const low = Math.floor(from);
  return [low, Math.min(side - 1, low + 1), from - low];
}
