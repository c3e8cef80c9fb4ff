import type { Node, ValueId } from '../ir/graph.ts';
import { type Matrix, makeMatrix } from '../linalg/matrix.ts';
import { multiply } from '../linalg/multiply.ts';
import { elementCount, sizeAt, sizesOf } from '../tensor/shape.ts';
import { float32, oneTap } from './factor-layer.ts';
import { type Layer, layerOf } from './fold-affine.ts';
import type { Rewriter, Rule } from './rebuild.ts';
import { unitMapTo } from './unit-map.ts';

/** y = weights x + bias; weights [N, K], bias [N], float64. */
export interface LinearMap {
  readonly weights: Matrix;
  readonly bias: Float64Array;
}

/** y = second first x + bias; first [rank, K], second [N, rank]. */
export interface FactoredMap {
  readonly first: Matrix;
  readonly second: Matrix;
  readonly bias: Float64Array;
}

/** How a linear map is written down: the value it reads, by name, and the layer's form. */
export interface CollapseForm {
  readonly x: string;
  readonly op: 'linear' | 'conv';
  /** sizes of the weights behind the first: [K] or [C, taps...] */
  readonly tail: readonly number[];
  readonly attributes: Node['attributes'];
}

/**
 * One linear map, or two, of the value named `form.x` in place of all that stands between it and the output. Nodes
 * between may have been changed meanwhile; where the value itself is gone, `otherwise` decides.
 */
export const collapseOnto =
  (form: CollapseForm, map: LinearMap | FactoredMap, otherwise: Rule = () => undefined): Rule =>
  (visit, rewriter) => {
    const x = findBehind(rewriter, visit.inputs, form.x);
    if (x === undefined) return otherwise(visit, rewriter);
    const { name } = visit.node;
    const bias = rewriter.constant(float32([map.bias.length], map.bias), `${name}.bias`);
    if ('weights' in map) {
      const { rows, data } = map.weights;
      const weights = rewriter.constant(float32([rows, ...form.tail], data), `${name}.weights`);
      return [rewriter.add(form.op, [x, weights, bias], form.attributes, name)];
    }
    const { first, second } = map;
    const firstWeights = rewriter.constant(float32([first.rows, ...form.tail], first.data), `${name}.first`);
    const inner = rewriter.add(form.op, [x, firstWeights], form.attributes, `${name}.first`);
    const taps = form.tail.length - 1;
    const ones = new Array<number>(taps).fill(1);
    const secondWeights = rewriter.constant(
      float32([second.rows, second.columns, ...ones], second.data),
      `${name}.second`,
    );
    const attributes = form.op === 'conv' ? oneTap(taps) : {};
    return [rewriter.add(form.op, [inner, secondWeights, bias], attributes, name)];
  };

/** The value of this name that `from` are computed from. */
function findBehind(rewriter: Rewriter, from: readonly ValueId[], name: string): ValueId | undefined {
  const seen = new Set(from);
  for (const id of seen) {
    if (rewriter.nameOf(id) === name) return id;
    for (const input of rewriter.producer(id)?.inputs ?? []) seen.add(input);
  }
  return undefined;
}

/**
 * Layer, function of each unit, layer, with the function replaced by h = slopes z + shifts, as the layers are now:
 * W = W2 diag(s) W1, b = W2 (s b1 + t) + b2. Two layers where one would be larger.
 */
export const collapseBySlopes =
  (slopes: Float64Array, shifts: Float64Array, axis: number): Rule =>
  ({ node, inputs }, rewriter) => {
    const outer = layerOf(node, inputs, rewriter);
    const z = outer && unitMapTo(rewriter, outer.x, axis);
    const producer = z === undefined ? undefined : rewriter.producer(z);
    const inner = layerOf(producer, producer?.inputs ?? [], rewriter);
    if (!outer || !inner || inner.node.op !== outer.node.op || sizeAt(inner.weights.shape, 0) !== slopes.length)
      return undefined;
    const scaled = scaleRows(mapOf(inner), slopes, shifts);
    const second = mapOf(outer);
    const whole = compose(second, scaled);
    const tail = sizesOf(inner.weights.shape).slice(1);
    const write = (x: ValueId, map: LinearMap, sizes: readonly number[], like: Layer): ValueId => {
      const weights = rewriter.constant(float32([map.weights.rows, ...sizes], map.weights.data), like.names.weights);
      const bias = rewriter.constant(float32([map.bias.length], map.bias), like.names.bias);
      return rewriter.add(node.op, [x, weights, bias], like.node.attributes, like.node.name);
    };
    const { rows, columns } = whole.weights;
    if (rows * columns > slopes.length * (rows + columns)) {
      const hidden = write(inner.x, scaled, tail, inner);
      return [write(hidden, second, sizesOf(outer.weights.shape).slice(1), outer)];
    }
    return [write(inner.x, whole, tail, { ...inner, node: { ...inner.node, name: node.name } })];
  };

function mapOf({ weights, bias }: Layer): LinearMap {
  const rows = sizeAt(weights.shape, 0);
  const data = Float64Array.from(weights.data, Number);
  return {
    weights: makeMatrix(rows, elementCount(weights.shape) / rows, data),
    bias: bias ? Float64Array.from(bias) : new Float64Array(rows),
  };
}

/** diag(slopes) (W x + b) + shifts */
export function scaleRows({ weights, bias }: LinearMap, slopes: Float64Array, shifts: Float64Array): LinearMap {
  const { rows, columns } = weights;
  const data = weights.data.map((w, at) => w * (slopes[Math.floor(at / columns)] ?? 0));
  return {
    weights: makeMatrix(rows, columns, data),
    bias: bias.map((b, j) => b * (slopes[j] ?? 0) + (shifts[j] ?? 0)),
  };
}

/** W x + b */
export function applyMap({ weights, bias }: LinearMap, x: ArrayLike<number>): Float64Array {
  const carried = multiply(weights, makeMatrix(x.length, 1, Float64Array.from(x)));
  return bias.map((b, i) => b + (carried.data[i] ?? 0));
}

/** outer(inner(x)) */
export const compose = (outer: LinearMap, inner: LinearMap): LinearMap => ({
  weights: multiply(outer.weights, inner.weights),
  bias: applyMap(outer, inner.bias),
});
