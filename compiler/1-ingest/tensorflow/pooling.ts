import type { ValueId } from '../../ir/graph.ts';
import { asFormat, type Format, imageOf, padsOf, type Sliding } from './convolution.ts';
import { type ImageEmitter, spatialAxes } from './image-emitter.ts';

/** The largest or the mean element under a window; padding counts for neither. */
export function pool(
  e: ImageEmitter,
  x: ValueId,
  kind: 'max' | 'average',
  kernel: readonly number[],
  sliding: Sliding,
): ValueId {
  const image = imageOf(e, x, sliding.format);
  const pads = padsOf(e.sizes(image).slice(2), kernel, sliding);
  const { strides, dilations } = sliding;
  const y = e.emit(kind === 'max' ? 'maxPool' : 'averagePool', [image], { kernel, strides, dilations, pads });
  return asFormat(e, y, sliding.format);
}

type Reduction = 'mean' | 'max' | 'min' | 'sum' | 'prod' | 'l2';

/** One value for each channel: [N, C], or the image of one position with keepDims. */
export function poolGlobally(e: ImageEmitter, x: ValueId, kind: Reduction, format: Format, keepDims: boolean): ValueId {
  const rank = e.rank(x);
  if (format === 'last') return reduceAxes(e, x, kind, spatialAxes(rank), keepDims);
  const axes = spatialAxes(rank).map((axis) => axis + 1);
  return e.emit('reduce', [x], { kind, axes, keepDims });
}

/** A fold over `axes` of x, channels last. */
export function reduceAxes(
  e: ImageEmitter,
  x: ValueId,
  kind: Reduction,
  axes: readonly number[],
  keepDims: boolean,
): ValueId {
  const image = e.twinOf(x);
  const isOverSpace = axes.length > 0 && axes.every((axis) => axis > 0 && axis < e.rank(x) - 1);
  if (keepDims) {
    return e.alongAxes('reduce', [x], (order) => ({ kind, axes: axes.map((axis) => order.at(axis)), keepDims }));
  }
  if (image === undefined || !isOverSpace || axes.length < e.rank(x) - 2) {
    return e.emit('reduce', [x], { kind, axes, keepDims });
  }
  return e.emit('reduce', [image], { kind, axes: axes.map((axis) => axis + 1), keepDims });
}
