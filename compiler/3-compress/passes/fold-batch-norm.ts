import type { Node, ValueId } from '../../ir/graph.ts';
import { producerOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { numbersOf, tensorOf } from '../../tensor/convert.ts';
import { sizeAt, sizesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** y = x * scale + shift, per channel (dimension 1 of x). */
interface ChannelAffine {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/**
 * Batch normalisation into the weights and bias of the convolution, transposed convolution or linear layer before it:
 * W'[o] = s[o] W[o], b'[o] = s[o] b[o] + t[o] with s = scale / sqrt(variance + epsilon), t = bias - s mean. Without one
 * before it: a multiplication and an addition per channel, which then fold forward or join an epilogue.
 */
export const foldBatchNorm: Rule = ({ node, inputs }, rewriter) => {
  if (node.op !== 'batchNorm') return undefined;
  const [x] = inputs;
  const affine = affineOf(node, inputs, rewriter);
  if (x === undefined || affine === undefined) return undefined;
  return [foldInto(x, affine, rewriter) ?? multiplyAdd(x, affine, rewriter, node.name)];
};

function affineOf(node: Node, inputs: readonly ValueId[], rewriter: Rewriter): ChannelAffine | undefined {
  const [scale, bias, mean, variance] = inputs
    .slice(1)
    .map((id) => rewriter.known(id))
    .map((t) => t && numbersOf(t));
  if (!scale || !bias || !mean || !variance) return undefined;
  const epsilon = Number(node.attributes.epsilon ?? 1e-5);
  const s = scale.map((v, c) => v / Math.sqrt((variance[c] ?? 0) + epsilon));
  return { scale: s, shift: bias.map((b, c) => b - (s[c] ?? 0) * (mean[c] ?? 0)) };
}

function foldInto(x: ValueId, affine: ChannelAffine, rewriter: Rewriter): ValueId | undefined {
  if (rewriter.uses(x) !== 1) return undefined;
  const layer =
    producerOf(rewriter, x, 'conv') ??
    producerOf(rewriter, x, 'convTranspose') ??
    (rewriter.typeOf(x).shape.length === 2 ? producerOf(rewriter, x, 'linear') : undefined);
  const [input, weightId, biasId] = layer?.inputs ?? [];
  const weights = weightId === undefined ? undefined : rewriter.known(weightId);
  const bias = biasId === undefined ? undefined : rewriter.known(biasId);
  if (!layer || input === undefined || !weights || (biasId !== undefined && !bias)) return undefined;
  const scaled = scaleOutputs(
    weights,
    affine.scale,
    layer.op === 'convTranspose' ? Number(layer.attributes.group ?? 1) : undefined,
  );
  const old = bias ? numbersOf(bias) : affine.scale.map(() => 0);
  const shifted = old.map((b, c) => b * (affine.scale[c] ?? 0) + (affine.shift[c] ?? 0));
  const parameters = [rewriter.constant(scaled), rewriter.constant(tensorOf(weights.dtype, [shifted.length], shifted))];
  return rewriter.add(layer.op, [input, ...parameters], layer.attributes, layer.name);
}

/** Weights [M, ...] scaled per output; for a transposed convolution [C, M / groups, ...], group by group. */
function scaleOutputs(weights: Tensor, scale: readonly number[], transposedGroups: number | undefined): Tensor {
  const values = numbersOf(weights);
  const [rows, columns] = [sizeAt(weights.shape, 0), transposedGroups === undefined ? 1 : sizeAt(weights.shape, 1)];
  const inner = values.length / Math.max(1, rows * columns);
  const outputOf = (i: number): number => {
    const row = Math.floor(i / (columns * inner));
    if (transposedGroups === undefined) return row;
    const group = Math.floor(row / (rows / transposedGroups));
    return group * columns + (Math.floor(i / inner) % columns);
  };
  return tensorOf(
    weights.dtype,
    sizesOf(weights.shape),
    values.map((v, i) => v * (scale[outputOf(i)] ?? 0)),
  );
}

function multiplyAdd(x: ValueId, affine: ChannelAffine, rewriter: Rewriter, name: string): ValueId {
  const { dtype, shape } = rewriter.typeOf(x);
  const perChannel = (values: readonly number[]): ValueId =>
    rewriter.constant(tensorOf(dtype, [values.length, ...shape.slice(2).map(() => 1)], values));
  const scaled = rewriter.add('mul', [x, perChannel(affine.scale)], {}, name);
  return rewriter.add('add', [scaled, perChannel(affine.shift)], {}, name);
}
