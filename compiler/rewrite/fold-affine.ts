import type { Node, ValueId } from '../ir/graph.ts';
import { numbersOf, tensorOf } from '../tensor/convert.ts';
import { sizeAt, sizesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Rewriter } from './rebuild.ts';

/** y = scale x + shift, one entry per position of one dimension of x (or of several, flattened). */
export interface Affine {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** A convolution, transposed convolution or linear layer whose weights are constants that nothing else reads. */
export interface Layer {
  readonly node: Node;
  readonly x: ValueId;
  readonly weights: Tensor;
  readonly bias: readonly number[] | undefined;
  readonly names: { readonly weights: string; readonly bias: string };
}

/** Arithmetic on constants of this type costs no accuracy that counts: float16 would be rounded once more, integers wrap. */
export const isFoldable = ({ dtype }: Tensor): boolean => dtype === 'float32' || dtype === 'float64';

/** The layer that a node is, given its inputs in the new graph. */
export function layerOf(node: Node | undefined, inputs: readonly ValueId[], rewriter: Rewriter): Layer | undefined {
  if (node?.op !== 'conv' && node?.op !== 'convTranspose' && node?.op !== 'linear') return undefined;
  const [x, weightId, biasId] = inputs;
  if (x === undefined || weightId === undefined || rewriter.uses(weightId) !== 1) return undefined;
  const weights = rewriter.known(weightId);
  const bias = biasId === undefined ? undefined : rewriter.known(biasId);
  if (!weights || !isFoldable(weights) || (biasId !== undefined && !bias)) return undefined;
  const name = rewriter.nameOf(weightId);
  const names = { weights: name, bias: biasId === undefined ? `${name}.bias` : rewriter.nameOf(biasId) };
  return { node, x, weights, bias: bias && numbersOf(bias), names };
}

/** The layer with another input, weights and bias; undefined where a weight would not be finite. */
export function rewriteLayer(
  layer: Layer,
  x: ValueId,
  weights: readonly number[],
  bias: readonly number[] | undefined,
  rewriter: Rewriter,
): ValueId | undefined {
  const { node, names } = layer;
  const { dtype, shape } = layer.weights;
  const changed = tensorOf(dtype, sizesOf(shape), weights);
  const shifts = bias && tensorOf(dtype, [bias.length], bias);
  const isUsable = (tensor: Tensor): boolean => numbersOf(tensor).every(Number.isFinite);
  if (!isUsable(changed) || (shifts && !isUsable(shifts))) return undefined;
  const parameters = [rewriter.constant(changed, names.weights)];
  if (shifts) parameters.push(rewriter.constant(shifts, names.bias));
  return rewriter.add(node.op, [x, ...parameters], node.attributes, node.name);
}

/** The dimension of a layer's output that its bias runs along. */
export const outputDimension = (layer: Layer, rank: number): number => (layer.node.op === 'linear' ? rank - 1 : 1);

/** layer, then affine over its outputs, as one layer: W'[o] = s[o] W[o], b'[o] = s[o] b[o] + t[o]. */
export function foldBehind(layer: Layer, { scale, shift }: Affine, rewriter: Rewriter): ValueId | undefined {
  const outputOf = coordinatesOf(layer).output;
  const weights = numbersOf(layer.weights).map((w, i) => w * (scale[outputOf(i)] ?? 0));
  const isShifted = layer.bias !== undefined || shift.some((t) => t !== 0);
  const bias = shift.map((t, o) => (layer.bias?.[o] ?? 0) * (scale[o] ?? 0) + t);
  return rewriteLayer(layer, layer.x, weights, isShifted ? bias : undefined, rewriter);
}

/**
 * Affine over the layer's input, then the layer, as one layer that reads `x`: W'[o, i] = W[o, i] s[i],
 * b'[o] = b[o] + sum of W[o, i] t[i]. A shift passes only where every output sees all taps: padding stays zero.
 */
export function foldAhead(layer: Layer, { scale, shift }: Affine, x: ValueId, rewriter: Rewriter): ValueId | undefined {
  const isShifted = shift.some((t) => t !== 0);
  if (isShifted && !seesAllTaps(layer.node)) return undefined;
  const { input, output, outputs } = coordinatesOf(layer);
  const values = numbersOf(layer.weights);
  const weights = values.map((w, i) => w * (scale[input(i)] ?? 0));
  const bias = Array.from({ length: outputs }, (_, o) => layer.bias?.[o] ?? 0);
  if (isShifted) {
    values.forEach((w, i) => {
      bias[output(i)] = (bias[output(i)] ?? 0) + w * (shift[input(i)] ?? 0);
    });
  }
  return rewriteLayer(layer, x, weights, isShifted || layer.bias ? bias : undefined, rewriter);
}

function seesAllTaps({ op, attributes }: Node): boolean {
  const { pads } = attributes;
  return op === 'linear' || (op === 'conv' && (!Array.isArray(pads) || pads.every((p) => p === 0)));
}

/** Which input and output channel the weight at a flat position joins. */
interface Coordinates {
  readonly input: (i: number) => number;
  readonly output: (i: number) => number;
  readonly outputs: number;
}

/** Weights are [M, C / groups, ...], those of a transposed convolution [C, M / groups, ...]. */
function coordinatesOf({ node, weights }: Layer): Coordinates {
  const groups = node.op === 'linear' ? 1 : Number(node.attributes.group ?? 1);
  const [rows, columns] = [sizeAt(weights.shape, 0), sizeAt(weights.shape, 1)];
  const taps = sizesOf(weights.shape)
    .slice(2)
    .reduce((a, b) => a * b, 1);
  const row = (i: number): number => Math.floor(i / (columns * taps));
  const column = (i: number): number => {
    const group = Math.floor(row(i) / (rows / groups));
    return group * columns + (Math.floor(i / taps) % columns);
  };
  return node.op === 'convTranspose'
    ? { input: row, output: column, outputs: columns * groups }
    : { input: column, output: row, outputs: rows };
}
