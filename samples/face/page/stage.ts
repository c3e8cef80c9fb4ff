import type { Face } from './faces.ts';
import { fitPicture, height, inputOf, middle, width } from './input.ts';

/** Larger pictures are shown smaller: the model sees less of them anyway, and phones have little memory. */
const longestSide = 1600;

export interface Stage {
  /** Shows a picture or a frame of a video, as in a mirror where asked. */
  draw(picture: CanvasImageSource, size: Size, isMirrored: boolean): void;
  /** What is shown as the model takes it, and where it lies in there. */
  read(): { readonly input: Float32Array; readonly fit: ReturnType<typeof fitPicture> };
  mark(faces: readonly Face[]): void;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The picture in its frame, with a list of boxes over it. */
export function makeStage(frame: HTMLElement, canvas: HTMLCanvasElement, boxes: HTMLElement): Stage {
  const shown = contextOf(canvas, false);
  const seen = contextOf(Object.assign(document.createElement('canvas'), { width, height }), true);
  return {
    draw(picture, size, isMirrored) {
      const factor = Math.min(1, longestSide / Math.max(size.width, size.height));
      const [across, down] = [Math.round(size.width * factor), Math.round(size.height * factor)];
      if (canvas.width !== across || canvas.height !== down) {
        canvas.width = across;
        canvas.height = down;
        frame.style.setProperty('--aspect', String(across / down));
      }
      shown.setTransform(isMirrored ? -1 : 1, 0, 0, 1, isMirrored ? across : 0, 0);
      shown.clearRect(0, 0, across, down);
      shown.drawImage(picture, 0, 0, across, down);
    },
    read() {
      const fit = fitPicture(canvas);
      seen.fillStyle = `rgb(${middle} ${middle} ${middle})`;
      seen.fillRect(0, 0, width, height);
      seen.drawImage(canvas, fit.left, fit.top, fit.width, fit.height);
      return { input: inputOf(seen.getImageData(0, 0, width, height).data), fit };
    },
    mark(faces) {
      boxes.replaceChildren(...faces.map(makeBox));
    },
  };
}

function makeBox({ score, left, top, right, bottom }: Face): HTMLElement {
  const box = document.createElement('li');
  const label = document.createElement('span');
  label.textContent = score.toFixed(2);
  box.append(label);
  const places = { left, top, width: right - left, height: bottom - top };
  for (const [side, value] of Object.entries(places)) box.style.setProperty(side, `${100 * value}%`);
  return box;
}

function contextOf(canvas: HTMLCanvasElement, willReadFrequently: boolean): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently });
  if (!context) throw new Error('this browser has no 2D canvas');
  context.imageSmoothingQuality = 'high';
  return context;
}
