import { type Layer, layerOf } from '../../rewrite/fold-affine.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { numbersOf, tensorOf } from '../../tensor/convert.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { sizeAt, sizesOf } from '../../tensor/shape.ts';

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
 * Two linear layers with nothing between are one: W = W2 W1, b = W2 b1 + b2 (float64), where that is not larger than
 * the two. A convolution of one tap without padding is such a layer over channels, and so merges into any convolution
 * before it.
 */
export const mergeLinear: Rule = ({ node, inputs }, rewriter) => {
  const outer = layerOf(node, inputs, rewriter);
  const producer = outer && rewriter.uses(outer.x) === 1 ? rewriter.producer(outer.x) : undefined;
  const inner = layerOf(producer, producer?.inputs ?? [], rewriter);
  if (!outer || !inner || outer.node.op !== inner.node.op || !isPointwise(outer) || !isUngrouped(inner))
    return undefined;
  const [rows, hidden, columns] = [
    sizeAt(outer.weights.shape, 0),
    sizeAt(inner.weights.shape, 0),
    sizesOf(inner.weights.shape)
      .slice(1)
      .reduce((a, b) => a * b, 1),
  ];
  if (rows * columns > hidden * (rows + columns)) return undefined;
  const second = numbersOf(outer.weights);
  const w = multiply(second, numbersOf(inner.weights), rows, hidden, columns);
  const { dtype } = outer.weights;
  const sizes = [rows, ...sizesOf(inner.weights.shape).slice(1)];
  const parameters = [rewriter.constant(tensorOf(dtype, sizes, w), outer.names.weights)];
  if (inner.bias || outer.bias) {
    const carried = inner.bias ? multiply(second, inner.bias, rows, hidden, 1) : new Array<number>(rows).fill(0);
    const bias = carried.map((v, i) => v + (outer.bias?.[i] ?? 0));
    parameters.push(rewriter.constant(tensorOf(dtype, [rows], bias), outer.names.bias));
  }
  return [rewriter.add(node.op, [inner.x, ...parameters], mergedAttributes(outer, inner), node.name)];
};

const listOf = (layer: Layer, name: string): readonly number[] => {
  const value = layer.node.attributes[name];
  return Array.isArray(value) ? value : [];
};

const isUngrouped = ({ node }: Layer): boolean =>
  node.op === 'linear' || (node.op === 'conv' && Number(node.attributes.group ?? 1) === 1);

function isPointwise(layer: Layer): boolean {
  if (layer.node.op === 'linear') return true;
  const taps = sizesOf(layer.weights.shape).slice(2);
  return isUngrouped(layer) && taps.every((k) => k === 1) && listOf(layer, 'pads').every((p) => p === 0);
}

/** The convolution steps by the strides of both: one tap of the second reads one position of the first. */
function mergedAttributes(outer: Layer, inner: Layer): Layer['node']['attributes'] {
  if (inner.node.op === 'linear') return inner.node.attributes;
  const rank = inner.weights.shape.length - 2;
  const [first, second] = [listOf(inner, 'strides'), listOf(outer, 'strides')];
  const strides = Array.from({ length: rank }, (_, d) => (first[d] ?? 1) * (second[d] ?? 1));
  return { ...inner.node.attributes, strides };
}

/** [rows, inner] x [inner, columns], row-major, float64. */
function multiply(
  a: readonly number[],
  b: readonly number[],
  rows: number,
  inner: number,
  columns: number,
): readonly number[] {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const v = a[i * inner + k] ?? 0;
      for (let j = 0; j < columns; j++)
        out[i * columns + j] = (out[i * columns + j] ?? 0) + v * (b[k * columns + j] ?? 0);
    }
  }
  return [...out];
}
