import { pixels, side } from './mnist.ts';
import type { Random } from './random.ts';

/**
 * Writes a distorted copy of one digit in 0..1: turned by up to 15 degrees, sheared, scaled, moved by up to 2 pixels, its
 * stroke thinned or thickened by up to a pixel. What a finger or a mouse draws differs from MNIST in these ways.
 */
export function augment(image: Uint8Array, out: Float32Array, random: Random): void {
  const angle = random.uniform(-0.26, 0.26);
  const shear = random.uniform(-0.2, 0.2);
  const scaleX = random.uniform(0.85, 1.2);
  const scaleY = random.uniform(0.85, 1.15);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  // Where a pixel (x, y) of the copy comes from: rotate, shear, scale about the centre, then move.
  const xx = cos * scaleX;
  const xy = (shear * cos - sin) * scaleX;
  const yx = sin * scaleY;
  const yy = (shear * sin + cos) * scaleY;
  const centre = (side - 1) / 2;
  const moveX = centre + random.uniform(-2, 2);
  const moveY = centre + random.uniform(-2, 2);
  const padded = pad(image);
  const warped = new Float32Array(pixels);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const dx = x - centre;
      const dy = y - centre;
      warped[y * side + x] = sample(padded, moveX + xx * dx + xy * dy, moveY + yx * dx + yy * dy) / 255;
    }
  }
  changeStroke(warped, out, random.uniform(-0.5, 0.9));
}

/** One more pixel of 0 on the left and top, two on the right and bottom, for `sample`. */
const paddedSide = side + 3;

function pad(image: Uint8Array): Float32Array {
  const padded = new Float32Array(paddedSide * paddedSide);
  for (let y = 0; y < side; y++) {
    padded.set(image.subarray(y * side, (y + 1) * side), (y + 1) * paddedSide + 1);
  }
  return padded;
}

/** Bilinear between the pixels of a padded image, 0 outside. */
function sample(padded: Float32Array, x: number, y: number): number {
  if (!(x > -1 && y > -1 && x < side && y < side)) return 0;
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const at = (y0 + 1) * paddedSide + x0 + 1;
  const topLeft = padded[at] ?? 0;
  const bottomLeft = padded[at + paddedSide] ?? 0;
  const top = topLeft + (x - x0) * ((padded[at + 1] ?? 0) - topLeft);
  const bottom = bottomLeft + (x - x0) * ((padded[at + paddedSide + 1] ?? 0) - bottomLeft);
  return top + (y - y0) * (bottom - top);
}

/** Mixes each pixel with the largest (amount > 0) or smallest (amount < 0) of itself and its four neighbours. */
function changeStroke(image: Float32Array, out: Float32Array, amount: number): void {
  const sign = Math.sign(amount);
  const weight = Math.abs(amount);
  for (let i = 0; i < pixels; i++) {
    const x = i % side;
    const own = image[i] ?? 0;
    let extreme = own;
    for (const step of neighbours) {
      const isOutside = (step === -1 && x === 0) || (step === 1 && x === side - 1);
      const neighbour = isOutside ? 0 : (image[i + step] ?? 0);
      if (sign * neighbour > sign * extreme) extreme = neighbour;
    }
    out[i] = own + weight * (extreme - own);
  }
}

const neighbours = [-1, 1, -side, side] as const;
