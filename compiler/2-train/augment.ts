import type { Random } from './random.ts';

/** Changes one image [C, H, W] in place. */
export type Augment = (image: Float32Array, sizes: readonly [number, number, number], random: Random) => void;

/** Mirrors half of the images left to right. */
export const flip =
  (): Augment =>
  (image, [channels, height, width], random) => {
    if (random.uniform() < 0.5) return;
    for (let row = 0; row < channels * height; row++) image.subarray(row * width, (row + 1) * width).reverse();
  };

/** Moves the image by up to `most` pixels each way; `fill` comes in from outside. Same as padding and cropping. */
export const shift =
  ({ most = 4, fill = 0 }: { readonly most?: number; readonly fill?: number } = {}): Augment =>
  (image, [channels, height, width], random) => {
    const [down, right] = [0, 0].map(() => Math.floor(random.uniform() * (2 * most + 1)) - most);
    const from = image.slice();
    image.fill(fill);
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++) {
        const source = y - (down ?? 0);
        if (source < 0 || source >= height) continue;
        for (let x = 0; x < width; x++) {
          const at = x - (right ?? 0);
          if (at < 0 || at >= width) continue;
          image[(c * height + y) * width + x] = from[(c * height + source) * width + at] ?? fill;
        }
      }
  };

/** A square of `size` pixels that holds `fill` (DeVries and Taylor 2017). */
export const cutout =
  ({ size, fill = 0 }: { readonly size: number; readonly fill?: number }): Augment =>
  (image, [channels, height, width], random) => {
    const top = Math.floor(random.uniform() * height) - Math.floor(size / 2);
    const left = Math.floor(random.uniform() * width) - Math.floor(size / 2);
    for (let c = 0; c < channels; c++)
      for (let y = Math.max(0, top); y < Math.min(height, top + size); y++)
        for (let x = Math.max(0, left); x < Math.min(width, left + size); x++)
          image[(c * height + y) * width + x] = fill;
  };
