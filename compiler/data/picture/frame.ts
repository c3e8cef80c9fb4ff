import { pictureTooSmall } from '../../diagnostics/data.ts';
import type { DataPort } from '../data-set.ts';
import { portSize } from '../fit-port.ts';
import type { PictureSize, Preprocess } from '../options.ts';
import { pictureShapeOf } from '../port-channels.ts';
import type { Sample } from '../samples.ts';
import { cropPicture, type Picture, toColor, toGrey } from './picture.ts';
import { resizePicture } from './resize.ts';

/**
 * A picture as the input takes it. `size` resizes it (one number: the shorter side, proportions kept), then the middle
 * is cut to `crop`, else to what the input takes. Without either, `stretch` fits it to the input; otherwise it stays as
 * it is. Channels become grey or colours as the input has 1 or 3, in the order and layout that it wants.
 * @throws LccError LCC7020
 */
export function framePicture(
  picture: Picture,
  port: DataPort,
  preprocess: Preprocess,
  stretch: boolean,
  file: string,
): Sample {
  const shape = pictureShapeOf(port, preprocess);
  const wanted = shape && ([shape.height, shape.width] as const);
  const { size, crop } = preprocess;
  const resized =
    size !== undefined
      ? resizeTo(picture, size)
      : stretch && wanted && !crop
        ? resizePicture(picture, ...wanted)
        : picture;
  const [height, width] =
    crop !== undefined ? pairOf(crop) : size !== undefined && wanted ? wanted : [resized.height, resized.width];
  if (height > resized.height || width > resized.width) {
    throw pictureTooSmall(file, `${resized.height}x${resized.width}`, `${height}x${width}`);
  }
  const framed = cropPicture(resized, height, width);
  const isGrey = preprocess.colors ? preprocess.colors === 'grey' : isGreyInput(port, framed, shape?.channels);
  return arrange(
    isGrey ? toGrey(framed) : toColor(framed),
    shape?.layout ?? preprocess.layout ?? 'NCHW',
    preprocess.colors === 'bgr',
  );
}

const pairOf = (size: PictureSize): readonly [number, number] => (typeof size === 'number' ? [size, size] : size);

function resizeTo(picture: Picture, size: PictureSize): Picture {
  if (typeof size !== 'number') return resizePicture(picture, ...size);
  const factor = size / Math.min(picture.height, picture.width);
  return resizePicture(picture, Math.round(picture.height * factor), Math.round(picture.width * factor));
}

/** An input in a row has no channel axis: its count tells; what fits neither is refused later, with its count. */
function isGreyInput(port: DataPort, { height, width, channels }: Picture, wanted: number | undefined): boolean {
  const count = wanted ?? portSize(port) / (height * width);
  return count === 1 || (count !== 3 && channels === 1);
}

function arrange({ width, height, channels, data }: Picture, layout: 'NCHW' | 'NHWC', isReversed: boolean): Sample {
  const area = width * height;
  if (layout === 'NHWC' && !isReversed) return { values: data, channels: { count: channels, inner: 1 } };
  const values = new Uint8Array(data.length);
  for (let c = 0; c < channels; c++) {
    const source = isReversed ? channels - 1 - c : c;
    for (let i = 0; i < area; i++) {
      values[layout === 'NCHW' ? c * area + i : i * channels + c] = data[i * channels + source] ?? 0;
    }
  }
  return { values, channels: { count: channels, inner: layout === 'NCHW' ? area : 1 } };
}
