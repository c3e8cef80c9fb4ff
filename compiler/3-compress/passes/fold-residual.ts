import type { Node, ValueId } from '../../ir/graph.ts';
import { layerOf } from '../../rewrite/fold-affine.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { numbersOf, tensorOf } from '../../tensor/convert.ts';
import { elementCount, sameShape, sizeAt, sizesOf } from '../../tensor/shape.ts';

/**
 * x + linear(x, W, b) -> linear(x, I + W, b). For a convolution of stride 1 the identity joins the tap that reads the
 * output's own position, channel m of a group of C channels being its input m mod C (RepVGG).
 */
export const foldResidual: Rule = ({ node, inputs }, rewriter) => {
  const [a, b] = inputs;
  if (node.op !== 'add' || a === undefined || b === undefined) return undefined;
  return fold(a, b) ?? fold(b, a);

  function fold(x: ValueId, y: ValueId): readonly ValueId[] | undefined {
    const producer = rewriter.uses(y) === 1 ? rewriter.producer(y) : undefined;
    const layer = layerOf(producer, producer?.inputs ?? [], rewriter);
    if (!producer || layer?.x !== x || !sameShape(rewriter.typeOf(x).shape, rewriter.typeOf(y).shape)) return undefined;
    const { weights, node: inner } = layer;
    const tap = ownTap(inner, sizesOf(weights.shape).slice(2));
    if (tap === undefined) return undefined;
    const [outputs, perGroup] = [sizeAt(weights.shape, 0), sizeAt(weights.shape, 1)];
    const taps = elementCount(weights.shape.slice(2));
    const values = numbersOf(weights);
    for (let m = 0; m < outputs; m++) {
      const at = (m * perGroup + (m % perGroup)) * taps + tap;
      values[at] = (values[at] ?? 0) + 1;
    }
    const sum = rewriter.constant(tensorOf(weights.dtype, sizesOf(weights.shape), values), layer.names.weights);
    const bias = producer.inputs[2];
    return [rewriter.add(inner.op, [x, sum, ...(bias === undefined ? [] : [bias])], inner.attributes, node.name)];
  }
};

/** The tap, row-major, through which each output reads the input at its own position; undefined where none does. */
function ownTap({ op, attributes }: Node, kernel: readonly number[]): number | undefined {
  if (op === 'linear') return 0;
  if (op !== 'conv') return undefined;
  const list = (name: string): readonly number[] => {
    const value = attributes[name];
    return Array.isArray(value) ? value : [];
  };
  let tap = 0;
  for (const [d, size] of kernel.entries()) {
    const own = (list('pads')[d] ?? 0) / (list('dilations')[d] ?? 1);
    if ((list('strides')[d] ?? 1) !== 1 || !Number.isInteger(own) || own >= size) return undefined;
    tap = tap * size + own;
  }
  return tap;
}
