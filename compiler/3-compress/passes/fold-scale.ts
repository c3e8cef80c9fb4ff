import type { Node, ValueId } from '../../ir/graph.ts';
import { type Affine, foldAhead, foldBehind, type Layer, layerOf, outputDimension } from '../../rewrite/fold-affine.ts';
import { producerOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { numbersOf } from '../../tensor/convert.ts';
import { sameShape, sizeAt, sizesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

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

/** One operation of x and a constant that scales or shifts. */
interface Step {
  readonly x: ValueId;
  readonly constant: Tensor;
  readonly affine: (constant: readonly number[]) => Affine;
}

const scaleBy = (scale: readonly number[]): Affine => ({ scale, shift: scale.map(() => 0) });
const shiftBy = (shift: readonly number[], by = 1): Affine => ({ scale: shift.map(() => by), shift });

function stepOf(op: Node['op'], inputs: readonly ValueId[], rewriter: Rewriter): Step | undefined {
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return undefined;
  const [left, right] = [rewriter.known(a), rewriter.known(b)];
  const x = right ? a : b;
  const constant = right ?? left;
  if (!constant || (left && right)) return undefined;
  switch (op) {
    case 'mul':
      return { x, constant, affine: scaleBy };
    case 'add':
      return { x, constant, affine: (c) => shiftBy(c) };
    case 'sub':
      return { x, constant, affine: (c) => (right ? shiftBy(c.map((v) => -v)) : shiftBy(c, -1)) };
    case 'div':
      return right && { x, constant, affine: (c) => scaleBy(c.map((v) => 1 / v)) };
    default:
      return undefined;
  }
}

/**
 * A constant that broadcasts to `sizes` as a list over dimensions `first` to `end`; undefined where it varies along
 * others or adds dimensions.
 */
function along(constant: Tensor, sizes: readonly number[], first: number, end: number): readonly number[] | undefined {
  const missing = sizes.length - constant.shape.length;
  if (missing < 0) return undefined;
  const own = sizes.map((_, d) => constant.shape[d - missing]?.size ?? 1);
  if (own.some((size, d) => size !== 1 && (d < first || d >= end || size !== sizes[d]))) return undefined;
  const values = numbersOf(constant);
  const length = sizes.slice(first, end).reduce((a, b) => a * b, 1);
  return Array.from({ length }, (_, i) => {
    let [rest, at, stride] = [i, 0, 1];
    for (let d = end - 1; d >= first; d--) {
      const size = sizes[d] ?? 1;
      if (own[d] !== 1) at += (rest % size) * stride;
      stride *= own[d] ?? 1;
      rest = Math.floor(rest / size);
    }
    return values[at] ?? 0;
  });
}
