import type { ValueId } from '../../ir/graph.ts';
import type { ImageEmitter } from './image-emitter.ts';

/** (x - mean) scale / sqrt(variance + epsilon) + offset along `axis`; parameters are scale, offset, mean, variance. */
export function normaliseBatch(
  e: ImageEmitter,
  x: ValueId,
  parameters: readonly ValueId[],
  axis: number,
  epsilon: number,
): ValueId {
  const rank = e.rank(x);
  const normalise = (image: ValueId): ValueId => e.emit('batchNorm', [image, ...parameters], { epsilon });
  if (axis === 1) return normalise(x);
  if (axis === rank - 1) return e.channelsLast(normalise(e.channelsFirst(x)));
  const swap = Array.from({ length: rank }, (_, i) => (i === 1 ? axis : i === axis ? 1 : i));
  return e.transpose(normalise(e.transpose(x, swap)), swap);
}
