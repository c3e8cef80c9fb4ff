import type { Node, ValueId } from '../../ir/graph.ts';
import {
  applyToConstant,
  channelsOf,
  composeDense,
  type DenseMap,
  denseMapOf,
  sizesOfDense,
  weightsOfDense,
} from '../../rewrite/dense-map.ts';
import { hasOnlyNumbers, type Layer, layerOf, outputDimension, seesAllTaps } from '../../rewrite/fold-affine.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { encodeData, tensorOf } from '../../tensor/convert.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { elementCount, shapeOf, sizesOf } from '../../tensor/shape.ts';
import { makeTensor } from '../../tensor/tensor.ts';

/** matmul(x, W [K, N]) with constant W, of rank 2 -> linear(x, W^T), so that later passes see one form. */
export const matmulToLinear: Rule = ({ node, inputs }, rewriter) => {
  const [x, weightId] = inputs;
  const weights = weightId === undefined ? undefined : rewriter.known(weightId);
  if (node.op !== 'matmul' || x === undefined || weightId === undefined || weights?.shape.length !== 2)
    return undefined;
  if (rewriter.known(x) !== undefined || !isFloat(weights.dtype)) return undefined;
  const turned = rewriter.add('transpose', [weightId], { perm: [1, 0] }, node.name);
  return [rewriter.add('linear', [x, turned], {}, node.name)];
};

/**
 * Two linear maps with nothing between that changes values are one, where that has no more weights and multiply-adds:
 * factors of a lower rank stay. One of them is the same map at each position (a linear layer, a convolution of one tap), so
 * with W2, W1 over channels h and the taps t of the other
 *
 *     W[n, c, t] = sum over h of W2[n, h] W1[h, c, t]  or  W2[n, h, t] W1[h, c],   b = W2 b1 + b2   (float64).
 *
 * Permutations and reshapes that keep the channels h in one dimension may stand between, and a reshape that flattens an
 * image for a linear layer, whose taps its positions then are. Padding behind a bias is in the way: it would be padded with
 * the bias.
 */
export const mergeLinear: Rule = ({ node, inputs }, rewriter) => {
  const outer = layerOf(node, inputs, rewriter);
  const found = outer && (pathBehind(outer, rewriter) ?? flatteningBehind(outer, rewriter));
  if (!outer || !found) return undefined;
  return isPointwise(outer) && !found.isFlattening
    ? mergeIntoInner(outer, found, rewriter)
    : mergeIntoOuter(outer, found, rewriter);
};

/** A layer, and what moves its outputs until the next layer reads them. */
interface Path {
  readonly inner: Layer;
  /** from the inner layer on, each with the dimension of its output that holds the channels */
  readonly moves: readonly { readonly node: Node; readonly axis: number }[];
  /** the only move makes channels and positions one dimension */
  readonly isFlattening: boolean;
}

const inputAxis = (layer: Layer, rank: number): number => (layer.node.op === 'linear' ? rank - 1 : 1);

function pathBehind(outer: Layer, rewriter: Rewriter): Path | undefined {
  const moves: Path['moves'][number][] = [];
  let current = outer.x;
  let axis = inputAxis(outer, rewriter.typeOf(current).shape.length);
  for (;;) {
    const node = rewriter.uses(current) === 1 ? rewriter.producer(current) : undefined;
    const inner = layerOf(node, node?.inputs ?? [], rewriter);
    if (inner)
      return outputAxisOf(inner, current, rewriter) === axis ? { inner, moves, isFlattening: false } : undefined;
    const [x] = node?.inputs ?? [];
    const before = node && x !== undefined ? axisBefore(node, x, current, axis, rewriter) : undefined;
    if (!node || x === undefined || before === undefined) return undefined;
    moves.unshift({ node, axis });
    [current, axis] = [x, before];
  }
}

const outputAxisOf = (layer: Layer, y: ValueId, rewriter: Rewriter): number =>
  outputDimension(layer, rewriter.typeOf(y).shape.length);

/** The dimension of x that becomes dimension `axis` of y, whole and alone. */
function axisBefore(node: Node, x: ValueId, y: ValueId, axis: number, rewriter: Rewriter): number | undefined {
  const { perm } = node.attributes;
  if (node.op === 'transpose') return Array.isArray(perm) ? perm[axis] : undefined;
  if (node.op !== 'reshape') return undefined;
  const [from, to] = [x, y].map((id) => sizesOf(rewriter.typeOf(id).shape));
  const ahead = product((to ?? []).slice(0, axis));
  const found = (from ?? []).findIndex((size, d) => size === to?.[axis] && product((from ?? []).slice(0, d)) === ahead);
  return found < 0 ? undefined : found;
}

/** A linear layer that reads an image [batch, C, space...] row by row. */
function flatteningBehind(outer: Layer, rewriter: Rewriter): Path | undefined {
  const node = outer.node.op === 'linear' && rewriter.uses(outer.x) === 1 ? rewriter.producer(outer.x) : undefined;
  const [image] = node?.inputs ?? [];
  if (node?.op !== 'reshape' || image === undefined || rewriter.uses(image) !== 1) return undefined;
  const producer = rewriter.producer(image);
  const inner = producer?.op === 'linear' ? undefined : layerOf(producer, producer?.inputs ?? [], rewriter);
  const [batch, ...rest] = sizesOf(rewriter.typeOf(image).shape);
  const [rows, width, ...more] = sizesOf(rewriter.typeOf(outer.x).shape);
  const isRowwise = more.length === 0 && rows === batch && width === product(rest);
  return inner && isRowwise ? { inner, moves: [{ node, axis: 1 }], isFlattening: true } : undefined;
}

/** The inner layer with the outer's map behind it, then the moves. */
function mergeIntoInner(outer: Layer, { inner, moves }: Path, rewriter: Rewriter): readonly ValueId[] | undefined {
  const isStrided = !isOnes(listOf(outer, 'strides'));
  if (isStrided && (moves.length > 0 || inner.node.op !== 'conv')) return undefined;
  const [rows] = channelsOf(outer);
  const { node } = inner;
  const [, inputs] = channelsOf(inner);
  if (rows * inputs * tapsOf(inner) > parametersOf(outer) + parametersOf(inner)) return undefined;
  const second = denseMapOf(outer);
  const map = composeDense(second, denseMapOf(inner));
  const bias = sumOf(outer.bias, inner.bias && applyToConstant(second, inner.bias), rows);
  const attributes = mergedAttributes(outer, inner);
  const merged = addLayer(node.op, inner.x, map, bias, { outer, kernelOf: inner, attributes }, rewriter);
  return merged === undefined ? undefined : [replay(moves, merged, rows, rewriter)];
}

/** The moves on what the inner layer reads, then the outer layer with the inner's map ahead of it. */
function mergeIntoOuter(outer: Layer, path: Path, rewriter: Rewriter): readonly ValueId[] | undefined {
  const { inner, moves, isFlattening } = path;
  if (!isPointwise(inner) || !isOnes(listOf(inner, 'strides'))) return undefined;
  const [rows] = channelsOf(outer);
  const [hidden, inputs] = channelsOf(inner);
  const taps = isFlattening ? channelsOf(outer)[1] / hidden : tapsOf(outer);
  const isShifted = inner.bias?.some((b) => b !== 0) ?? false;
  if (isShifted && !seesAllTaps(outer.node)) return undefined;
  const weights = rows * inputs * taps;
  if (weights > parametersOf(outer) + parametersOf(inner)) return undefined;
  const second = { ...denseMapOf(outer), inputs: hidden, taps };
  const map = composeDense(second, denseMapOf(inner));
  const bias = sumOf(outer.bias, isShifted && inner.bias ? applyToConstant(second, inner.bias) : undefined, rows);
  const x = replay(moves, inner.x, isFlattening ? inputs * taps : inputs, rewriter);
  const attributes = ungrouped(outer.node.attributes);
  const whole = isFlattening ? { ...map, inputs: inputs * taps, taps: 1 } : map;
  const merged = addLayer(outer.node.op, x, whole, bias, { outer, kernelOf: outer, attributes }, rewriter);
  if (merged === undefined) return undefined;
  const innerPositions = elementCount(rewriter.typeOf(inner.x).shape) / inputs;
  const isTransposed = outer.node.op === 'convTranspose';
  const positions = isTransposed ? innerPositions : elementCount(rewriter.typeOf(merged).shape) / rows;
  const saved = (parametersOf(outer) - weights) * positions + parametersOf(inner) * innerPositions;
  return saved >= 0 ? [merged] : undefined;
}

function replay(moves: Path['moves'], x: ValueId, channels: number, rewriter: Rewriter): ValueId {
  return moves.reduce((value, { node, axis }) => {
    const { shape } = node.attributes;
    const resized = Array.isArray(shape)
      ? { ...node.attributes, shape: shape.map((size: number, d) => (d === axis ? channels : size)) }
      : node.attributes;
    return rewriter.add(node.op, [value], resized, node.name);
  }, x);
}

interface Form {
  /** gives the names */
  readonly outer: Layer;
  readonly kernelOf: Layer;
  readonly attributes: Node['attributes'];
}

/** Undefined where a weight would not be finite. */
function addLayer(
  op: Layer['node']['op'],
  x: ValueId,
  map: DenseMap,
  bias: readonly number[] | undefined,
  { outer, kernelOf, attributes }: Form,
  rewriter: Rewriter,
): ValueId | undefined {
  const { dtype } = outer.weights;
  const sizes = sizesOfDense(op, map, kernelOf);
  const tensors = [makeTensor(dtype, shapeOf(sizes), encodeData(dtype, weightsOfDense(op, map)))];
  if (bias) tensors.push(tensorOf(dtype, [bias.length], bias));
  if (!tensors.every(hasOnlyNumbers)) return undefined;
  const names = [outer.names.weights, outer.names.bias];
  const parameters = tensors.map((tensor, i) => rewriter.constant(tensor, names[i]));
  return rewriter.add(op, [x, ...parameters], attributes, outer.node.name);
}

const sumOf = (
  a: readonly number[] | undefined,
  b: readonly number[] | undefined,
  count: number,
): readonly number[] | undefined =>
  a || b ? Array.from({ length: count }, (_, i) => (a?.[i] ?? 0) + (b?.[i] ?? 0)) : undefined;

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

const parametersOf = ({ weights }: Layer): number => elementCount(weights.shape);
const tapsOf = ({ weights }: Layer): number => elementCount(weights.shape.slice(2));

const ungrouped = (attributes: Node['attributes']): Node['attributes'] =>
  attributes.group === undefined ? attributes : { ...attributes, group: 1 };

const listOf = (layer: Layer, name: string): readonly number[] => {
  const value = layer.node.attributes[name];
  return Array.isArray(value) ? value : [];
};

const isOnes = (list: readonly number[]): boolean => list.every((v) => v === 1);

function isPointwise(layer: Layer): boolean {
  if (layer.node.op === 'linear') return true;
  return layer.node.op === 'conv' && tapsOf(layer) === 1 && listOf(layer, 'pads').every((p) => p === 0);
}

/** The convolution steps by the strides of both: one tap of the second reads one position of the first. */
function mergedAttributes(outer: Layer, inner: Layer): Node['attributes'] {
  const attributes = ungrouped(inner.node.attributes);
  if (inner.node.op !== 'conv') return attributes;
  const rank = inner.weights.shape.length - 2;
  const [first, second] = [listOf(inner, 'strides'), listOf(outer, 'strides')];
  const strides = Array.from({ length: rank }, (_, d) => (first[d] ?? 1) * (second[d] ?? 1));
  return { ...attributes, strides };
}
