import type { Node, ValueId } from '../ir/graph.ts';
import { shapeOf, sizeAt, sizesOf } from '../tensor/shape.ts';
import { makeTensor, type Tensor } from '../tensor/tensor.ts';
import type { Rewriter, Rule } from './rebuild.ts';

/**
 * y = second(first(x)) + bias in place of a linear layer or an ungrouped convolution y = W x + b, all row-major float64:
 * `first` [rank, K] sees what W saw (every tap of a convolution), `second` [N, rank] mixes at one position.
 */
export interface OutputFactors {
  readonly rank: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly bias: Float64Array;
}

/** Linear: K -> rank -> N. Convolution: rank filters of the same window, then one of a single tap. */
export const factorOutputs =
  ({ rank, first, second, bias }: OutputFactors): Rule =>
  ({ node, inputs }, rewriter) => {
    const [x, w] = inputs;
    const weights = w === undefined ? undefined : rewriter.known(w);
    if (x === undefined || w === undefined || !weights) return undefined;
    const name = rewriter.nameOf(w);
    const outputs = sizeAt(weights.shape, 0);
    const tail = sizesOf(weights.shape).slice(1);
    const firstWeights = rewriter.constant(float32([rank, ...tail], first), `${name}.first`);
    const inner = rewriter.add(node.op, [x, firstWeights], node.attributes, `${node.name}.first`);
    const taps = node.op === 'conv' ? tail.slice(1).map(() => 1) : [];
    const secondWeights = rewriter.constant(float32([outputs, rank, ...taps], second), `${name}.second`);
    const attributes = node.op === 'conv' ? oneTap(taps.length) : {};
    return [addBiased(rewriter, node, inner, secondWeights, bias, name, attributes)];
  };

/**
 * The factor on the side of the input channels, convolutions only: `first` [rank, C] mixes channels at one position,
 * `second` [N, rank, taps...] is the layer on fewer channels.
 */
export const factorChannels =
  ({ rank, first, second, bias }: OutputFactors): Rule =>
  ({ node, inputs }, rewriter) => {
    const [x, w] = inputs;
    const weights = w === undefined ? undefined : rewriter.known(w);
    if (node.op !== 'conv' || x === undefined || w === undefined || !weights) return undefined;
    const name = rewriter.nameOf(w);
    const [outputs, channels, ...taps] = sizesOf(weights.shape);
    const ones = taps.map(() => 1);
    const firstWeights = rewriter.constant(float32([rank, channels ?? 0, ...ones], first), `${name}.first`);
    const inner = rewriter.add('conv', [x, firstWeights], oneTap(taps.length), `${node.name}.first`);
    const secondWeights = rewriter.constant(float32([outputs ?? 0, rank, ...taps], second), `${name}.second`);
    return [addBiased(rewriter, node, inner, secondWeights, bias, name, node.attributes)];
  };

/**
 * A linear layer that reads a flattened image [1, C, space...] through one reshape: a convolution of one tap mixes C
 * channels to `rank` before the reshape, then the linear layer `second` [N, rank * positions].
 */
export const factorFlattened =
  ({ rank, first, second, bias }: OutputFactors): Rule =>
  ({ node, inputs }, rewriter) => {
    const [x, w] = inputs;
    const reshape = x === undefined ? undefined : rewriter.producer(x);
    const [image] = reshape?.inputs ?? [];
    const weights = w === undefined ? undefined : rewriter.known(w);
    if (reshape?.op !== 'reshape' || image === undefined || w === undefined || !weights) return undefined;
    const name = rewriter.nameOf(w);
    const [batch = 1, channels = 0, ...space] = sizesOf(rewriter.typeOf(image).shape);
    const positions = space.reduce((a, b) => a * b, 1);
    const ones = space.map(() => 1);
    const firstWeights = rewriter.constant(float32([rank, channels, ...ones], first), `${name}.first`);
    const inner = rewriter.add('conv', [image, firstWeights], oneTap(space.length), `${node.name}.first`);
    const flat = rewriter.add('reshape', [inner], { shape: [batch, rank * positions] }, reshape.name);
    const secondWeights = rewriter.constant(
      float32([sizeAt(weights.shape, 0), rank * positions], second),
      `${name}.second`,
    );
    return [addBiased(rewriter, node, flat, secondWeights, bias, name, {})];
  };

/** Attributes of a convolution of one tap over that many dimensions. */
export const oneTap = (dimensions: number): Node['attributes'] => ({
  group: 1,
  dilations: new Array<number>(dimensions).fill(1),
  strides: new Array<number>(dimensions).fill(1),
  pads: new Array<number>(2 * dimensions).fill(0),
});

function addBiased(
  rewriter: Rewriter,
  node: Node,
  x: ValueId,
  weights: ValueId,
  bias: Float64Array,
  name: string,
  attributes: Node['attributes'],
): ValueId {
  const biasId = rewriter.constant(float32([bias.length], bias), `${name}.bias`);
  return rewriter.add(node.op, [x, weights, biasId], attributes, node.name);
}

export const float32 = (sizes: readonly number[], values: Float64Array): Tensor =>
  makeTensor('float32', shapeOf(sizes), Float32Array.from(values));
