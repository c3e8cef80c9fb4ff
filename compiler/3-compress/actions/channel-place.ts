import type { Graph, ValueId } from '../../ir/graph.ts';
import { isPointwise, type WeightLayer } from '../../rewrite/layers.ts';
import { elementCount, type Shape, sizeAt, sizesOf } from '../../tensor/shape.ts';

/** A layer as taps of w[n, :, t] over an image of channels. */
export interface ChannelPlace {
  readonly layer: WeightLayer;
  readonly kind: 'window' | 'flattened';
  /** value [batch, channels, space...] */
  readonly image: ValueId;
  readonly channels: number;
  /** taps along each dimension of space, and their product */
  readonly window: readonly number[];
  readonly taps: number;
  /** positions of the image, batch included */
  readonly imagePositions: number;
  readonly imageShape: Shape;
  readonly outputShape: Shape;
  readonly isPadded: boolean;
}

/** A convolution of several taps, or with padding. */
export function windowOf(graph: Graph, layer: WeightLayer): ChannelPlace | undefined {
  const shape = graph.values.get(layer.x)?.type.shape;
  const outputShape = graph.values.get(layer.y)?.type.shape;
  const window = sizesOf(layer.weights.shape.slice(2));
  if (!shape || !outputShape || isPointwise(layer)) return undefined;
  const channels = sizeAt(layer.weights.shape, 1);
  const { pads } = layer.node.attributes;
  return {
    layer,
    kind: 'window',
    image: layer.x,
    channels,
    window,
    taps: window.reduce((a, b) => a * b, 1),
    imagePositions: elementCount(shape) / channels,
    imageShape: shape,
    outputShape,
    isPadded: Array.isArray(pads) && pads.some((p) => p !== 0),
  };
}

/** A linear layer that alone reads an image [batch, C, space...] as rows, one per entry of the batch. */
export function flattenedOf(
  graph: Graph,
  layer: WeightLayer,
  readers: ReadonlyMap<ValueId, number>,
): ChannelPlace | undefined {
  const reshape = graph.nodes.find((node) => node.outputs[0] === layer.x);
  const [image] = reshape?.inputs ?? [];
  if (reshape?.op !== 'reshape' || image === undefined || readers.get(layer.x) !== 1) return undefined;
  const imageShape = graph.values.get(image)?.type.shape ?? [];
  const sizes = sizesOf(imageShape);
  const [batch = 0, channels = 0, ...space] = sizes;
  const taps = space.reduce((a, b) => a * b, 1);
  const flat = graph.values.get(layer.x)?.type.shape ?? [];
  if (space.length === 0 || graph.constants.has(image)) return undefined;
  if (flat.length !== 2 || sizeAt(flat, 0) !== batch || sizeAt(flat, 1) !== channels * taps) return undefined;
  const outputShape = graph.values.get(layer.y)?.type.shape ?? [];
  return {
    layer,
    kind: 'flattened',
    image,
    channels,
    window: space,
    taps,
    imagePositions: batch * taps,
    imageShape,
    outputShape,
    isPadded: false,
  };
}
