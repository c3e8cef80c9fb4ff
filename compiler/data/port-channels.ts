import type { DataPort } from './data-set.ts';
import type { Preprocess } from './options.ts';
import type { Channels } from './samples.ts';

/** An input that takes a picture: [.., channels, height, width] or [.., height, width, channels]. */
export interface PictureShape {
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

const isColorCount = (size: number): boolean => size >= 1 && size <= 4;

/** Undefined for an input of rank 1, or 2 with a batch, whose values are in a row: [784], [1,784]. */
export function pictureShapeOf({ shape }: DataPort, { layout }: Preprocess): PictureShape | undefined {
  const [a, b, c] = shape.slice(-3);
  if (a === undefined || b === undefined || c === undefined) {
    const isFlat = a === undefined || b === undefined || a === 1;
    return isFlat ? undefined : { layout: 'NCHW', channels: 1, height: a, width: b };
  }
  const isLast = layout === undefined ? !isColorCount(a) && isColorCount(c) : layout === 'NHWC';
  return isLast
    ? { layout: 'NHWC', channels: c, height: a, width: b }
    : { layout: 'NCHW', channels: a, height: b, width: c };
}

/** Which values share a mean: the colours of a picture, the columns of a table. */
export function channelsOf(port: DataPort, preprocess: Preprocess): Channels {
  const picture = port.shape.length > 2 ? pictureShapeOf(port, preprocess) : undefined;
  if (picture === undefined) return { count: port.shape.at(-1) ?? 1, inner: 1 };
  return { count: picture.channels, inner: picture.layout === 'NHWC' ? 1 : picture.height * picture.width };
}
