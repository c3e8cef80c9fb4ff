import { bands, frames } from '../features.ts';

/** A sound and the part of it, in shares of its length, that the model hears. */
export interface Wave {
  readonly samples: Float32Array;
  readonly heard?: { readonly from: number; readonly to: number };
}

export interface SoundView {
  /** over the whole width: the wave and, where it is known, what the model sees of it */
  show(wave: Wave, image?: Float32Array): void;
}

/** Draws sounds in the text colours of the two canvases, anew when sizes or colours change. */
export function makeSoundView(wave: HTMLCanvasElement, seen: HTMLCanvasElement): SoundView {
  let shown: { wave: Wave; image?: Float32Array | undefined } = { wave: { samples: new Float32Array() } };
  seen.width = frames;
  seen.height = bands;
  const paint = () => {
    paintWave(wave, shown.wave);
    paintImage(seen, shown.image);
  };
  new ResizeObserver(paint).observe(wave);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  return {
    show(wave, image) {
      shown = { wave, image };
      paint();
    },
  };
}

/** A bar for each two pixels, as high as the loudest sample in it; the largest of all fills the height. */
function paintWave(canvas: HTMLCanvasElement, { samples, heard = { from: 0, to: 1 } }: Wave): void {
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  const context = contextOf(canvas);
  context.setTransform(canvas.width, 0, 0, canvas.height / 2, 0, canvas.height / 2);
  context.fillStyle = getComputedStyle(canvas).color;
  const bars = samples.length === 0 ? 0 : Math.floor(width / 3);
  const heights = Array.from({ length: bars }, (_, i) => {
    const part = samples.subarray((i * samples.length) / bars, ((i + 1) * samples.length) / bars);
    return part.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  });
  const highest = Math.max(quietest, ...heights);
  heights.forEach((bar, i) => {
    const isHeard = i / bars >= heard.from && i / bars <= heard.to;
    const tall = Math.max(1 / height, (0.92 * bar) / highest);
    context.globalAlpha = isHeard ? 1 : 0.3;
    context.fillRect(i / bars, -tall, 2 / 3 / bars, 2 * tall);
  });
}

/** A wave below this is not drawn larger. */
const quietest = 0.02;

function paintImage(canvas: HTMLCanvasElement, image: Float32Array | undefined): void {
  const context = contextOf(canvas);
  context.clearRect(0, 0, frames, bands);
  context.fillStyle = getComputedStyle(canvas).color;
  image?.forEach((value, i) => {
    context.globalAlpha = value;
    context.fillRect(i % frames, bands - 1 - Math.floor(i / frames), 1, 1);
  });
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no 2D canvas');
  return context;
}
