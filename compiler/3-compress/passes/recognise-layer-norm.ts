import type { ValueId } from '../../ir/graph.ts';
import { isAbout, otherInput, producerOf, scalarOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { tensorOf } from '../../tensor/convert.ts';
import { sizesOf } from '../../tensor/shape.ts';

/**
 * d / sqrt(mean(d^2) + epsilon) with d = x - mean(x) -> layerNorm(x) without scale and bias, over trailing axes; the
 * exporters' spelling in reduce, sub, pow (or mul), add, sqrt and div (or reciprocal).
 */
export const recogniseLayerNorm: Rule = ({ node, inputs }, rewriter) => {
  if (node.op !== 'div') return undefined;
  const [deviation, root] = inputs;
  const sum = producerOf(rewriter, producerOf(rewriter, root, 'sqrt')?.inputs[0], 'add');
  const varianceId = otherInput(sum, (id) => scalarOf(rewriter, id) !== undefined);
  const epsilon = scalarOf(
    rewriter,
    sum?.inputs.find((id) => id !== varianceId),
  );
  const variance = producerOf(rewriter, varianceId, 'reduce');
  const difference = producerOf(rewriter, deviation, 'sub');
  const [x, meanId] = difference?.inputs ?? [];
  const mean = producerOf(rewriter, meanId, 'reduce');
  if (deviation === undefined || x === undefined || epsilon === undefined || mean?.inputs[0] !== x) return undefined;
  if (!isMean(variance) || !isMean(mean) || !isSquareOf(variance?.inputs[0], deviation, rewriter)) return undefined;
  const { shape, dtype } = rewriter.typeOf(x);
  const axes = axesOf(mean);
  const axis = shape.length - axes.length;
  if (!axes.every((a, i) => a === axis + i) || axesOf(variance).join() !== axes.join()) return undefined;
  const sizes = sizesOf(shape).slice(axis);
  const scale = rewriter.constant(tensorOf(dtype, sizes, new Array<number>(sizes.reduce((a, b) => a * b, 1)).fill(1)));
  return [rewriter.add('layerNorm', [x, scale], { axis, epsilon }, node.name)];
};

type ReduceNode = ReturnType<typeof producerOf>;

const isMean = (node: ReduceNode): boolean => node?.attributes.kind === 'mean' && node.attributes.keepDims === true;

const axesOf = (node: ReduceNode): readonly number[] => {
  const axes = node?.attributes.axes;
  return Array.isArray(axes) ? [...axes].map(Number).sort((a, b) => a - b) : [];
};

function isSquareOf(id: ValueId | undefined, x: ValueId, rewriter: Rewriter): boolean {
  const same = (other: ValueId | undefined): boolean =>
    other !== undefined && (other === x || isSameCast(other, x, rewriter));
  const power = producerOf(rewriter, id, 'pow');
  if (power) return same(power.inputs[0]) && isAbout(scalarOf(rewriter, power.inputs[1]), 2);
  return producerOf(rewriter, id, 'mul')?.inputs.every(same) ?? false;
}

/** Exporters put a cast to the type it has already before the square. */
const isSameCast = (id: ValueId, x: ValueId, rewriter: Rewriter): boolean =>
  producerOf(rewriter, id, 'cast')?.inputs[0] === x;

/** layerNorm(x) * constant and layerNorm(x) + constant over the normalised axes: the constant becomes scale or bias. */
export const absorbNormAffine: Rule = ({ node, inputs }, rewriter) => {
  if (node.op !== 'mul' && node.op !== 'add') return undefined;
  for (const id of inputs) {
    const norm = producerOf(rewriter, id, 'layerNorm');
    const other = inputs.find((o) => o !== id);
    const factor = other === undefined ? undefined : rewriter.known(other);
    const [x, scaleId, biasId] = norm?.inputs ?? [];
    if (!norm || x === undefined || scaleId === undefined || !factor || rewriter.uses(id) !== 1) continue;
    const normalised = sizesOf(rewriter.typeOf(x).shape).slice(Number(norm.attributes.axis));
    if (sizesOf(factor.shape).join() !== normalised.join()) continue;
    const constant = rewriter.constant(factor);
    if (node.op === 'add' && biasId === undefined) {
      return [rewriter.add('layerNorm', [x, scaleId, constant], norm.attributes, norm.name)];
    }
    if (node.op === 'mul') {
      const scale = rewriter.add('mul', [scaleId, constant], {}, norm.name);
      const bias = biasId === undefined ? [] : [rewriter.add('mul', [biasId, constant], {}, norm.name)];
      return [rewriter.add('layerNorm', [x, scale, ...bias], norm.attributes, norm.name)];
    }
  }
  return undefined;
};
