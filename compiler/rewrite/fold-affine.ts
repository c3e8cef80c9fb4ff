import type { Node, ValueId } from '../ir/graph.ts';
import { decodeData, encodeData, numbersOf } from '../tensor/convert.ts';
import { elementCount, shapeOf, sizeAt } from '../tensor/shape.ts';
import { makeTensor, type Tensor } from '../tensor/tensor.ts';
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

/** The layer that a node is, given its inputs in the new graph. Codes are no weights to fold into. */
export function layerOf(node: Node | undefined, inputs: readonly ValueId[], rewriter: Rewriter): Layer | undefined {
  if (node?.op !== 'conv' && node?.op !== 'convTranspose' && node?.op !== 'linear') return undefined;
  if (node.attributes.inputScale !== undefined) return undefined;
  const [x, weightId, biasId] = inputs;
  if (x === undefined || weightId === undefined || rewriter.uses(weightId) !== 1) return undefined;
  const weights = rewriter.known(weightId);
  const bias = biasId === undefined ? undefined : rewriter.known(biasId);
  if (!weights || !isFoldable(weights) || (biasId !== undefined && !bias)) return undefined;
  const name = rewriter.nameOf(weightId);
  const names = { weights: name, bias: biasId === undefined ? `${name}.bias` : rewriter.nameOf(biasId) };
  return { node, x, weights, bias: bias && numbersOf(bias), names };
}

/** The layer with another input, weights and bias; undefined where one of them would not be finite. */
function rewriteLayer(
  { node, names, weights: old }: Layer,
  x: ValueId,
  weights: Float64Array,
  bias: Float64Array | undefined,
  rewriter: Rewriter,
): ValueId | undefined {
  const changed = makeTensor(old.dtype, old.shape, encodeData(old.dtype, weights));
  const shifts = bias && makeTensor(old.dtype, shapeOf([bias.length]), encodeData(old.dtype, bias));
  if (!hasOnlyNumbers(changed) || (shifts && !hasOnlyNumbers(shifts))) return undefined;
  const parameters = [rewriter.constant(changed, names.weights)];
  if (shifts) parameters.push(rewriter.constant(shifts, names.bias));
  return rewriter.add(node.op, [x, ...parameters], node.attributes, node.name);
}

/** No infinity and no NaN. */
export function hasOnlyNumbers({ data }: Tensor): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(Number(data[i]))) return false;
  return true;
}

/** The dimension of a layer's output that its bias runs along. */
export const outputDimension = (layer: Layer, rank: number): number => (layer.node.op === 'linear' ? rank - 1 : 1);

/** layer, then affine over its outputs, as one layer: W'[o] = s[o] W[o], b'[o] = s[o] b[o] + t[o]. */
export function foldBehind(layer: Layer, { scale, shift }: Affine, rewriter: Rewriter): ValueId | undefined {
  const weights = new Float64Array(elementCount(layer.weights.shape));
  forEachWeight(layer, (w, i, _, output) => {
    weights[i] = w * (scale[output] ?? 0);
  });
  const isShifted = layer.bias !== undefined || shift.some((t) => t !== 0);
  const bias = Float64Array.from(shift, (t, o) => (layer.bias?.[o] ?? 0) * (scale[o] ?? 0) + t);
  return rewriteLayer(layer, layer.x, weights, isShifted ? bias : undefined, rewriter);
}

/**
 * Affine over the layer's input, then the layer, as one layer that reads `x`: W'[o, i] = W[o, i] s[i],
 * b'[o] = b[o] + sum of W[o, i] t[i]. A shift passes only where every output sees all taps: padding stays zero.
 */
export function foldAhead(layer: Layer, { scale, shift }: Affine, x: ValueId, rewriter: Rewriter): ValueId | undefined {
  const isShifted = shift.some((t) => t !== 0);
  if (isShifted && !seesAllTaps(layer.node)) return undefined;
  const weights = new Float64Array(elementCount(layer.weights.shape));
  const bias = Float64Array.from({ length: outputsOf(layer) }, (_, o) => layer.bias?.[o] ?? 0);
  forEachWeight(layer, (w, i, input, output) => {
    weights[i] = w * (scale[input] ?? 0);
    if (isShifted) bias[output] = (bias[output] ?? 0) + w * (shift[input] ?? 0);
  });
  return rewriteLayer(layer, x, weights, isShifted || layer.bias ? bias : undefined, rewriter);
}

/** Every output of a layer reads all its taps from its input, none from padding. */
export function seesAllTaps({ op, attributes }: Node): boolean {
  const { pads } = attributes;
  return op === 'linear' || (op === 'conv' && (!Array.isArray(pads) || pads.every((p) => p === 0)));
}

const groupsOf = ({ node }: Layer): number => (node.op === 'linear' ? 1 : Number(node.attributes.group ?? 1));

const outputsOf = (layer: Layer): number =>
  layer.node.op === 'convTranspose' ? sizeAt(layer.weights.shape, 1) * groupsOf(layer) : sizeAt(layer.weights.shape, 0);

/**
 * Each weight with its position and the input and output channel that it joins. Weights are [M, C / groups, ...], those
 * of a transposed convolution [C, M / groups, ...].
 */
function forEachWeight(layer: Layer, visit: (weight: number, i: number, input: number, output: number) => void): void {
  const { shape } = layer.weights;
  const values = decodeData(layer.weights);
  const [rows, columns] = [sizeAt(shape, 0), sizeAt(shape, 1)];
  const taps = elementCount(shape.slice(2));
  const perGroup = rows / groupsOf(layer);
  const isTransposed = layer.node.op === 'convTranspose';
  let i = 0;
  for (let row = 0; row < rows; row++) {
    const first = Math.floor(row / perGroup) * columns;
    for (let column = first; column < first + columns; column++) {
      for (let tap = 0; tap < taps; tap++, i++) {
        if (isTransposed) visit(Number(values[i]), i, row, column);
        else visit(Number(values[i]), i, column, row);
      }
    }
  }
}
