import type { Node, ValueId } from '../../ir/graph.ts';
import { isFoldable } from '../../rewrite/fold-affine.ts';
import { factorsOf, otherInput, producerOf, scalarOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { tensorOf } from '../../tensor/convert.ts';
import { sizesOf } from '../../tensor/shape.ts';

/**
 * d / sqrt(mean(d^2) + epsilon) over trailing axes -> layerNorm(x) where d = x - mean(x) over the same axes, else
 * rmsNorm(d); both without scale and bias. The root may be a sqrt or a power, the division a reciprocal.
 */
export const recogniseLayerNorm: Rule = ({ node, inputs }, rewriter) => {
  for (const { numerator, radicand } of quotientsOf(node, inputs, rewriter)) {
    const moment = secondMoment(radicand, numerator, rewriter);
    if (!moment) continue;
    const { epsilon, axes } = moment;
    const difference = producerOf(rewriter, numerator, 'sub');
    const [x, meanId] = difference?.inputs ?? [];
    const mean = producerOf(rewriter, meanId, 'reduce');
    const isCentred = x !== undefined && mean?.inputs[0] === x && isMeanOver(mean, axes);
    const source = isCentred ? x : numerator;
    const { shape, dtype } = rewriter.typeOf(source);
    const axis = shape.length - axes.length;
    if (axes.length === 0 || !axes.every((a, i) => a === axis + i)) continue;
    const sizes = sizesOf(shape).slice(axis);
    const ones = new Array<number>(sizes.reduce((a, b) => a * b, 1)).fill(1);
    const scale = rewriter.constant(tensorOf(dtype, sizes, ones));
    return [rewriter.add(isCentred ? 'layerNorm' : 'rmsNorm', [source, scale], { axis, epsilon }, node.name)];
  }
  return undefined;
};

interface Quotient {
  readonly numerator: ValueId;
  readonly radicand: ValueId;
}

/** n and r of n / sqrt(r), in its usual spellings. */
function quotientsOf(node: Node, inputs: readonly ValueId[], rewriter: Rewriter): readonly Quotient[] {
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return [];
  const pair = (numerator: ValueId, radicand: ValueId | undefined): readonly Quotient[] =>
    radicand === undefined ? [] : [{ numerator, radicand }];
  if (node.op === 'div') return pair(a, rootOf(b, 0.5, rewriter));
  if (node.op !== 'mul') return [];
  return [...pair(a, inverseRootOf(b, rewriter)), ...pair(b, inverseRootOf(a, rewriter))];
}

function rootOf(id: ValueId | undefined, exponent: number, rewriter: Rewriter): ValueId | undefined {
  const power = producerOf(rewriter, id, 'pow');
  if (power) return scalarOf(rewriter, power.inputs[1]) === exponent ? power.inputs[0] : undefined;
  return exponent === 0.5 ? producerOf(rewriter, id, 'sqrt')?.inputs[0] : undefined;
}

function inverseRootOf(id: ValueId, rewriter: Rewriter): ValueId | undefined {
  const quotient = producerOf(rewriter, id, 'div');
  const isInverse = scalarOf(rewriter, quotient?.inputs[0]) === 1;
  const root = isInverse ? quotient?.inputs[1] : producerOf(rewriter, id, 'reciprocal')?.inputs[0];
  return rootOf(root, 0.5, rewriter) ?? rootOf(id, -0.5, rewriter);
}

/** epsilon and axes where `radicand` is mean(d^2) + epsilon. */
function secondMoment(
  radicand: ValueId,
  d: ValueId,
  rewriter: Rewriter,
): { readonly epsilon: number; readonly axes: readonly number[] } | undefined {
  const sum = producerOf(rewriter, radicand, 'add');
  const momentId = otherInput(sum, (id) => scalarOf(rewriter, id) !== undefined);
  const epsilonId = sum?.inputs.find((id) => id !== momentId);
  const epsilon = scalarOf(rewriter, epsilonId);
  const moment = producerOf(rewriter, momentId, 'reduce');
  const square = moment?.inputs[0] === undefined ? undefined : rewriter.producer(moment.inputs[0]);
  const product = square && factorsOf(rewriter, square.op, square.inputs);
  if (!moment || epsilon === undefined || product?.scale !== 1) return undefined;
  const isSquare = product.factors.length === 2 && product.factors.every((factor) => factor === d);
  const axes = axesOf(moment);
  return isSquare && isMeanOver(moment, axes) ? { epsilon, axes } : undefined;
}

const axesOf = (node: Node): readonly number[] => {
  const { axes } = node.attributes;
  return Array.isArray(axes) ? [...axes].map(Number).sort((a, b) => a - b) : [];
};

const isMeanOver = (node: Node, axes: readonly number[]): boolean =>
  node.attributes.kind === 'mean' && node.attributes.keepDims !== false && axesOf(node).join() === axes.join();

/** norm(x) * constant and layerNorm(x) + constant over the normalised axes: the constant becomes scale or bias. */
export const absorbNormAffine: Rule = ({ node, inputs }, rewriter) => {
  if (node.op !== 'mul' && node.op !== 'add') return undefined;
  for (const id of inputs) {
    const norm = producerOf(rewriter, id, 'layerNorm') ?? producerOf(rewriter, id, 'rmsNorm');
    const other = inputs.find((o) => o !== id);
    const [x, scaleId, biasId] = norm?.inputs ?? [];
    if (!norm || x === undefined || scaleId === undefined || other === undefined || rewriter.uses(id) !== 1) continue;
    const normalised = sizesOf(rewriter.typeOf(x).shape).slice(Number(norm.attributes.axis));
    const constant = parameterOf(other, normalised, rewriter);
    if (constant === undefined) continue;
    if (node.op === 'mul') {
      const scale = rewriter.add('mul', [scaleId, constant], {}, norm.name);
      const bias = biasId === undefined ? [] : [rewriter.add('mul', [biasId, constant], {}, norm.name)];
      return [rewriter.add(norm.op, [x, scale, ...bias], norm.attributes, norm.name)];
    }
    if (norm.op !== 'layerNorm') continue;
    const bias = biasId === undefined ? constant : rewriter.add('add', [biasId, constant], {}, norm.name);
    return [rewriter.add('layerNorm', [x, scaleId, bias], norm.attributes, norm.name)];
  }
  return undefined;
};

/** A constant of the normalised sizes, leading ones left out. */
function parameterOf(id: ValueId, normalised: readonly number[], rewriter: Rewriter): ValueId | undefined {
  const tensor = rewriter.known(id);
  const sizes = tensor && sizesOf(tensor.shape);
  if (!sizes || !isFoldable(tensor) || sizes.slice(sizes.length - normalised.length).join() !== normalised.join())
    return undefined;
  if (sizes.length < normalised.length || sizes.slice(0, -normalised.length).some((s) => s !== 1)) return undefined;
  return rewriter.add('reshape', [id], { shape: normalised });
}
