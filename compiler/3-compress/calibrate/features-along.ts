import type { Graph, ValueId } from '../../ir/graph.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';

/** A value whose features lie along one dimension, a negative one counted from the last. */
export interface FeatureValue {
  readonly id: ValueId;
  readonly axis: number;
}

/** How the elements of a value lie: at each of its positions `width` features, each `inner` elements from the one before. */
export interface FeatureLayout {
  readonly width: number;
  readonly inner: number;
  readonly positions: number;
}

export function featuresAlong(graph: Graph, { id, axis }: FeatureValue): FeatureLayout {
  const shape = graph.values.get(id)?.type.shape ?? [];
  const width = sizeAt(shape, axis);
  const inner = elementCount(shape.slice(axis < 0 ? shape.length + axis + 1 : axis + 1));
  return { width, inner, positions: elementCount(shape) / width };
}
