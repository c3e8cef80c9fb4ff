import type { Picture } from './picture.ts';

/** What one output pixel of an axis is made of: `weights` over source pixels from `first`; they sum to 1. */
interface Tap {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Triangle filter over pixel centres; when shrinking it widens with the factor, so that every source pixel counts
 * (Pillow's BILINEAR, torchvision's antialiased resize). Rows, then columns, rounded once at the end.
 */
export function resizePicture(picture: Picture, height: number, width: number): Picture {
  if (picture.height === height && picture.width === width) return picture;
  const { channels } = picture;
  const columns = tapsOf(picture.width, width);
  const rows = tapsOf(picture.height, height);
  const narrow = new Float64Array(picture.height * width * channels);
  for (let y = 0; y < picture.height; y++) {
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        weights.forEach((weight, k) => {
          sum += weight * (picture.data[(y * picture.width + first + k) * channels + c] ?? 0);
        });
        narrow[(y * width + x) * channels + c] = sum;
      }
    });
  }
  const row = width * channels;
  const data = new Uint8ClampedArray(height * row); // rounds as it stores
  rows.forEach(({ first, weights }, y) => {
    for (let e = 0; e < row; e++) {
      let sum = 0;
      weights.forEach((weight, k) => {
        sum += weight * (narrow[(first + k) * row + e] ?? 0);
      });
      data[y * row + e] = sum;
    }
  });
  return { width, height, channels, data: new Uint8Array(data.buffer) };
}

function tapsOf(from: number, to: number): Tap[] {
  const factor = from / to;
  const reach = Math.max(factor, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * factor;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    const raw = Float64Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / reach)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}
