import type { ConvGeometry } from './conv-geometry.ts';
import { type WindowRange, windowRange } from './window-range.ts';

/** Where the window of an output position lies in x. */
interface Window {
  readonly image: number;
  /** of its first tap, which may be outside x */
  readonly top: number;
  readonly left: number;
  /** taps inside x */
  readonly high: WindowRange;
  readonly wide: WindowRange;
}

/** Every output position by its number, in order. */
export function visitWindows(geometry: ConvGeometry, visit: (index: number, window: Window) => void): void {
  const { batchSize, outHeight, outWidth, inHeight, inWidth, padInfo } = geometry;
  let index = 0;
  for (let image = 0; image < batchSize; image++)
    for (let row = 0; row < outHeight; row++) {
      const top = row * geometry.strideHeight - padInfo.top;
      const high = windowRange(geometry.filterHeight, inHeight, geometry.dilationHeight, top);
      for (let column = 0; column < outWidth; column++) {
        const left = column * geometry.strideWidth - padInfo.left;
        const wide = windowRange(geometry.filterWidth, inWidth, geometry.dilationWidth, left);
        visit(index++, { image, top, left, high, wide });
      }
    }
}

/** Where the channels of a tap begin in x and in y; the tap's number; how many taps of its window are inside x. */
type VisitTap = (xAt: number, yAt: number, tap: number, inside: number) => void;

/** Every output position with every tap that is inside x there, one window after the other. */
export function visitTaps(geometry: ConvGeometry, visit: VisitTap): void {
  const { inHeight, inWidth, inChannels, outChannels, filterWidth } = geometry;
  visitWindows(geometry, (index, { image, top, left, high, wide }) => {
    const inside = (high.to - high.from) * (wide.to - wide.from);
    for (let i = high.from; i < high.to; i++)
      for (let j = wide.from; j < wide.to; j++) {
        const line = (image * inHeight + top + i * geometry.dilationHeight) * inWidth;
        const xAt = (line + left + j * geometry.dilationWidth) * inChannels;
        visit(xAt, index * outChannels, i * filterWidth + j, inside);
      }
  });
}
