import type { ValueId } from '../../ir/graph.ts';
import { along, stepOf } from '../../rewrite/affine-step.ts';
import { type Affine, hasOnlyNumbers, type Layer, layerOf, outputDimension } from '../../rewrite/fold-affine.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { ownPosition, tapsWithin, windowOf } from '../../rewrite/taps-within.ts';
import { numbersOf, tensorOf } from '../../tensor/convert.ts';
import { elementCount, sameShape, sizeAt, sizesOf } from '../../tensor/shape.ts';

/**
 * x + linear(x, W, b) -> linear(x, I + W, b), and s x + t for x, per channel, alike: with diag(s) and b + t. For a
 * convolution of stride 1 the identity joins the tap that reads the output's own position, channel m of a group of C
 * channels being its input m mod C (RepVGG, whose identity has a batch normalisation).
 */
export const foldResidual: Rule = ({ node, inputs }, rewriter) => {
  const [a, b] = inputs;
  if (node.op !== 'add' || a === undefined || b === undefined) return undefined;
  const folded = fold(a, b, node.name, rewriter) ?? fold(b, a, node.name, rewriter);
  return folded === undefined ? undefined : [folded];
};

function fold(skip: ValueId, y: ValueId, name: string, rewriter: Rewriter): ValueId | undefined {
  const producer = rewriter.uses(y) === 1 ? rewriter.producer(y) : undefined;
  const layer = layerOf(producer, producer?.inputs ?? [], rewriter);
  if (!layer || !sameShape(rewriter.typeOf(skip).shape, rewriter.typeOf(y).shape)) return undefined;
  const { weights, node, x } = layer;
  const kernel = sizesOf(weights.shape).slice(2);
  const [tap] =
    node.op === 'convTranspose' ? [] : (tapsWithin(ownPosition(kernel.length), windowOf(node, kernel)) ?? []);
  const affine = tap === undefined ? undefined : affineOf(skip, layer, rewriter);
  if (tap === undefined || !affine) return undefined;
  const [outputs, perGroup] = [sizeAt(weights.shape, 0), sizeAt(weights.shape, 1)];
  const taps = elementCount(weights.shape.slice(2));
  const values = numbersOf(weights);
  for (let m = 0; m < outputs; m++) {
    const at = (m * perGroup + (m % perGroup)) * taps + tap;
    values[at] = (values[at] ?? 0) + (affine.scale[m] ?? 0);
  }
  const tensors = [tensorOf(weights.dtype, sizesOf(weights.shape), values)];
  if (layer.bias || affine.shift.some((t) => t !== 0)) {
    const shifts = affine.shift.map((t, m) => t + (layer.bias?.[m] ?? 0));
    tensors.push(tensorOf(weights.dtype, [outputs], shifts));
  }
  if (!tensors.every(hasOnlyNumbers)) return undefined;
  const names = [layer.names.weights, layer.names.bias];
  const parameters = tensors.map((tensor, i) => rewriter.constant(tensor, names[i]));
  return rewriter.add(node.op, [x, ...parameters], node.attributes, name);
}

/** The skip as scale x + shift per channel of what the layer reads; undefined where it is something else. */
function affineOf(skip: ValueId, layer: Layer, rewriter: Rewriter): Affine | undefined {
  const sizes = sizesOf(rewriter.typeOf(skip).shape);
  const dimension = outputDimension(layer, sizes.length);
  let scale: readonly number[] = new Array<number>(sizes[dimension] ?? 0).fill(1);
  let shift = scale.map(() => 0);
  let current = skip;
  while (current !== layer.x) {
    const node = rewriter.uses(current) === 1 ? rewriter.producer(current) : undefined;
    const step = node && stepOf(node.op, node.inputs, rewriter);
    const constant = step && along(step.constant, sizes, dimension, dimension + 1);
    if (!constant) return undefined;
    const inner = step.affine(constant);
    shift = shift.map((t, m) => t + (scale[m] ?? 0) * (inner.shift[m] ?? 0));
    scale = scale.map((s, m) => s * (inner.scale[m] ?? 0));
    current = step.x;
  }
  return { scale, shift };
}
