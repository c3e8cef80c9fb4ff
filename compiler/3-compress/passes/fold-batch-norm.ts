import type { Node, ValueId } from '../../ir/graph.ts';
import { type Affine, foldBehind, layerOf, outputDimension } from '../../rewrite/fold-affine.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { numbersOf, tensorOf } from '../../tensor/convert.ts';

/**
 * Batch normalisation into the convolution, transposed convolution or linear layer before it, with s = scale /
 * sqrt(variance + epsilon) and t = bias - s mean. Without one before it: a multiplication and an addition per channel,
 * which fold into the layer after it (fold-scale) or join an epilogue.
 */
export const foldBatchNorm: Rule = ({ node, inputs }, rewriter) => {
  const [x] = inputs;
  if (node.op !== 'batchNorm' || x === undefined) return undefined;
  const affine = affineOf(node, inputs, rewriter);
  if (!affine) return undefined;
  const producer = rewriter.uses(x) === 1 ? rewriter.producer(x) : undefined;
  const layer = layerOf(producer, producer?.inputs ?? [], rewriter);
  const isAlong = layer && outputDimension(layer, rewriter.typeOf(x).shape.length) === 1;
  const folded = isAlong ? foldBehind(layer, affine, rewriter) : undefined;
  return [folded ?? multiplyAdd(x, affine, rewriter, node.name)];
};

/** Undefined where the parameters are not constant, or a standard deviation of 0 makes them infinite. */
function affineOf(node: Node, inputs: readonly ValueId[], rewriter: Rewriter): Affine | undefined {
  const [scale, bias, mean, variance] = inputs
    .slice(1)
    .map((id) => rewriter.known(id))
    .map((t) => t && numbersOf(t));
  if (!scale || !bias || !mean || !variance) return undefined;
  const epsilon = Number(node.attributes.epsilon ?? 1e-5);
  const s = scale.map((v, c) => v / Math.sqrt((variance[c] ?? 0) + epsilon));
  const shift = bias.map((b, c) => b - (s[c] ?? 0) * (mean[c] ?? 0));
  return [...s, ...shift].every(Number.isFinite) ? { scale: s, shift } : undefined;
}

function multiplyAdd(x: ValueId, affine: Affine, rewriter: Rewriter, name: string): ValueId {
  const { dtype, shape } = rewriter.typeOf(x);
  const perChannel = (values: readonly number[]): ValueId => {
    const sizes = shape.length === 1 ? [] : [values.length, ...shape.slice(2).map(() => 1)];
    return rewriter.constant(tensorOf(dtype, sizes, values));
  };
  const scaled = rewriter.add('mul', [x, perChannel(affine.scale)], {}, name);
  return rewriter.add('add', [scaled, perChannel(affine.shift)], {}, name);
}
