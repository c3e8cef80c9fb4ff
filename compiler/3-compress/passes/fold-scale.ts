import type { Node, ValueId } from '../../ir/graph.ts';
import { along, stepOf } from '../../rewrite/affine-step.ts';
import { foldAhead, foldBehind, type Layer, layerOf, outputDimension } from '../../rewrite/fold-affine.ts';
import { producerOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { sameShape, sizeAt, sizesOf } from '../../tensor/shape.ts';

/** conv(x) * c, linear(x) + c and their like, c a constant per output channel -> the layer with other weights and bias. */
export const foldScaleBehind: Rule = ({ node, inputs }, rewriter) => {
  const step = stepOf(node.op, inputs, rewriter);
  if (!step || rewriter.uses(step.x) !== 1) return undefined;
  const producer = rewriter.producer(step.x);
  const layer = layerOf(producer, producer?.inputs ?? [], rewriter);
  if (!layer) return undefined;
  const sizes = sizesOf(rewriter.typeOf(step.x).shape);
  const dimension = outputDimension(layer, sizes.length);
  const constant = along(step.constant, sizes, dimension, dimension + 1);
  const folded = constant && foldBehind(layer, step.affine(constant), rewriter);
  return folded === undefined ? undefined : [folded];
};

/**
 * conv(x * c), linear(x + c) and their like, c a constant per input channel -> the layer with other weights and bias,
 * for every such step before it. A linear layer is reached through a reshape that leaves whole rows to it (Flatten).
 */
export const foldScaleAhead: Rule = ({ node, inputs }, rewriter) => {
  let current: { readonly node: Node; readonly inputs: readonly ValueId[] } = { node, inputs };
  let result: ValueId | undefined;
  for (;;) {
    const layer = layerOf(current.node, current.inputs, rewriter);
    const folded = layer && foldStep(layer, rewriter);
    const next = folded === undefined ? undefined : rewriter.producer(folded);
    if (folded === undefined || !next) return result === undefined ? undefined : [result];
    result = folded;
    current = { node: next, inputs: next.inputs };
  }
};

function foldStep(layer: Layer, rewriter: Rewriter): ValueId | undefined {
  if (rewriter.uses(layer.x) !== 1) return undefined;
  const reshape = layer.node.op === 'linear' ? producerOf(rewriter, layer.x, 'reshape') : undefined;
  const scaled = reshape?.inputs[0] ?? layer.x;
  const producer = rewriter.uses(scaled) === 1 ? rewriter.producer(scaled) : undefined;
  const step = producer && stepOf(producer.op, producer.inputs, rewriter);
  if (!step || !sameShape(rewriter.typeOf(step.x).shape, rewriter.typeOf(scaled).shape)) return undefined;
  const sizes = sizesOf(rewriter.typeOf(scaled).shape);
  const dimensions = layer.node.op === 'linear' ? rowOf(sizes, sizeAt(layer.weights.shape, 1)) : [1, 2];
  const constant = dimensions && along(step.constant, sizes, dimensions[0], dimensions[1]);
  if (!constant) return undefined;
  const affine = step.affine(constant);
  const x = reshape ? rewriter.add('reshape', [step.x], reshape.attributes, reshape.name) : step.x;
  return foldAhead(layer, affine, x, rewriter);
}

/** The trailing dimensions that together are a row of `length` elements. */
function rowOf(sizes: readonly number[], length: number): readonly [number, number] | undefined {
  let product = 1;
  for (let first = sizes.length - 1; first >= 0; first--) {
    product *= sizes[first] ?? 1;
    if (product === length) return [first, sizes.length];
    if (product > length) return undefined;
  }
  return undefined;
}
