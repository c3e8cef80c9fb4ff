import { hasOnlyNumbers, type Layer, layerOf } from '../../rewrite/fold-affine.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { tapsWithin, windowOf } from '../../rewrite/taps-within.ts';
import { numbersOf, tensorOf } from '../../tensor/convert.ts';
import { elementCount, sameShape, sizeAt, sizesOf } from '../../tensor/shape.ts';

/**
 * W1 x + W2 x -> (W1 + W2) x, for linear layers and for convolutions of equal groups where the taps of one are among those
 * of the other (the branches of RepVGG: 3 x 3 and 1 x 1).
 */
export const mergeParallel: Rule = ({ node, inputs }, rewriter) => {
  const [a, b] = inputs;
  if (node.op !== 'add' || a === undefined || b === undefined || a === b) return undefined;
  if (!sameShape(rewriter.typeOf(a).shape, rewriter.typeOf(b).shape)) return undefined;
  const [first, second] = [a, b].map((id) => {
    const producer = rewriter.uses(id) === 1 ? rewriter.producer(id) : undefined;
    return layerOf(producer, producer?.inputs ?? [], rewriter);
  });
  if (first?.x === undefined || first.x !== second?.x || first.node.op !== second.node.op) return undefined;
  const merged = join(first, second, node.name, rewriter) ?? join(second, first, node.name, rewriter);
  return merged === undefined ? undefined : [merged];
};

const groupOf = ({ node }: Layer): number => Number(node.attributes.group ?? 1);

/** `wide` with the weights of `narrow` added at its taps. */
function join(wide: Layer, narrow: Layer, name: string, rewriter: Rewriter) {
  const taps = wide.node.op === 'linear' ? [0] : tapsOf(narrow, wide);
  if (!taps || groupOf(wide) !== groupOf(narrow) || wide.node.op === 'convTranspose') return undefined;
  const { dtype, shape } = wide.weights;
  const perRow = elementCount(shape.slice(2));
  const values = numbersOf(wide.weights);
  numbersOf(narrow.weights).forEach((w, i) => {
    const at = Math.floor(i / taps.length) * perRow + (taps[i % taps.length] ?? 0);
    values[at] = (values[at] ?? 0) + w;
  });
  const tensors = [tensorOf(dtype, sizesOf(shape), values)];
  if (wide.bias || narrow.bias) {
    const sums = Array.from({ length: sizeAt(shape, 0) }, (_, n) => (wide.bias?.[n] ?? 0) + (narrow.bias?.[n] ?? 0));
    tensors.push(tensorOf(dtype, [sums.length], sums));
  }
  if (!tensors.every(hasOnlyNumbers)) return undefined;
  const names = [wide.names.weights, wide.names.bias];
  const parameters = tensors.map((tensor, i) => rewriter.constant(tensor, names[i]));
  return rewriter.add(wide.node.op, [wide.x, ...parameters], wide.node.attributes, name);
}

const tapsOf = (narrow: Layer, wide: Layer): readonly number[] | undefined => {
  const [from, into] = [narrow, wide].map((layer) => windowOf(layer.node, sizesOf(layer.weights.shape).slice(2)));
  return from && into && tapsWithin(from, into);
};
