/** What the model takes: float32 [1, 3, 240, 320], red, green and blue apart. */
export const width = 320;
export const height = 240;

/** The value of a channel that the model takes for 0: also what is around a picture. */
export const middle = 127;
const scale = 1 / 128;

/** Where a picture lies in the model's input, in pixels of it. */
export interface Fit {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** As large as it can be, in the middle, its sides in proportion. */
export function fitPicture(picture: { readonly width: number; readonly height: number }): Fit {
  const factor = Math.min(width / picture.width, height / picture.height);
  const size = { width: picture.width * factor, height: picture.height * factor };
  return { left: (width - size.width) / 2, top: (height - size.height) / 2, ...size };
}

/** @param pixels of 320x240: red, green, blue and alpha, 8 bits each */
export function inputOf(pixels: Uint8ClampedArray): Float32Array {
  const size = width * height;
  const input = new Float32Array(3 * size);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < size; i++) {
      input[channel * size + i] = ((pixels[4 * i + channel] ?? middle) - middle) * scale;
    }
  }
  return input;
}
