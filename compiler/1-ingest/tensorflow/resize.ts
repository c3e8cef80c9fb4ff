import type { ValueId } from '../../ir/graph.ts';
import type { Emitter } from '../emitter.ts';

export interface Resizing {
  readonly mode: 'nearest' | 'bilinear';
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** x [N, C, h, w] resampled to [N, C, ...space] (TensorFlow's ResizeBilinear and ResizeNearestNeighbor). */
export function resizeImage(e: Emitter, x: ValueId, space: readonly number[], resizing: Resizing): ValueId {
  const sizes = e.sizes(x);
  const from = sizes.slice(2);
  if (resizing.mode === 'bilinear')
    return resample(e, x, space, { mode: 'linear', coordinates: coordinates(resizing) });
  const isWhole = space.every((size, i) => size % (from[i] ?? 1) === 0);
  if (isWhole && !resizing.alignCorners) {
    return resample(e, x, space, { mode: 'nearest', coordinates: 'asymmetric', nearestMode: 'floor' });
  }
  return space.reduce((image, size, i) => {
    const positions = nearestPositions(from[i] ?? 1, size, resizing);
    return e.emit('gather', [image, e.numbers('int32', [size], positions)], { axis: i + 2 });
  }, x);
}

function coordinates({ alignCorners, halfPixelCenters }: Resizing): string {
  if (halfPixelCenters) return 'half_pixel';
  return alignCorners ? 'align_corners' : 'asymmetric';
}

type Sampling = Readonly<Record<string, string>>;

function resample(e: Emitter, x: ValueId, space: readonly number[], sampling: Sampling): ValueId {
  const before = e.sizes(x);
  const sizes = [...before.slice(0, 2), ...space];
  const scales = sizes.map((size, i) => size / Math.max(1, before[i] ?? 1));
  return e.emit('resize', [x], { sizes, scales, ...sampling });
}

/** Computed as TensorFlow.js does: lcc's resize rounds on the way, and may fall on the other side of a whole number. */
function nearestPositions(from: number, to: number, { alignCorners, halfPixelCenters }: Resizing): number[] {
  const isAligned = alignCorners && to > 1;
  const scale = isAligned ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, o) => {
    const at = scale * (halfPixelCenters ? o + 0.5 : o);
    return Math.max(0, Math.min(from - 1, alignCorners ? Math.round(at) : Math.floor(at)));
  });
}
