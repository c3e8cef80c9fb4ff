import type { ValueId } from '../ir/graph.ts';
import { maxActivationCode, maxWeightCode } from '../kernel/quantization.ts';
import { sizeAt } from '../tensor/shape.ts';
import { makeTensor } from '../tensor/tensor.ts';
import { codesOfRange, type InputCodes, type InputRange, maxSum } from './quantize-layer.ts';
import type { Rewriter, Rule } from './rebuild.ts';

/** Smallest and largest value seen of each operand. */
export interface AttentionRanges {
  readonly q: InputRange;
  readonly k: InputRange;
  readonly v: InputRange;
}

/**
 * Attention with both products in int8, e = exp(s - max s) in [0, 1] of the scores s = scale q k^T + mask:
 *     y = (scales of e and v) * (sum of q(e) * s(v)) / sum of e
 * e is quantised instead of e / sum of e, so that each row uses all codes, however flat it is. No answer for an attention
 * that is not of float32 values, or whose sums could leave the whole numbers of float32.
 */
export const quantizeAttention =
  (ranges: AttentionRanges): Rule =>
  ({ node, inputs }, rewriter) => {
    const [q, k, v, mask] = inputs;
    if (node.op !== 'attention' || q === undefined || k === undefined || v === undefined) return undefined;
    const { dtype, shape } = rewriter.typeOf(k);
    if (dtype !== 'float32' || [q, k, v].some((id) => rewriter.known(id))) return undefined;
    if (!Object.values(ranges).every(({ min, max }) => Number.isFinite(min) && Number.isFinite(max))) return undefined;
    const codes = codesOfRange(ranges.q);
    const exponentials = codesOfRange({ min: 0, max: 1 });
    const isTooLong = [sumOf(codes, sizeAt(shape, -1)), sumOf(exponentials, sizeAt(shape, -2))].some(
      (s) => s >= maxSum,
    );
    if (isTooLong) return undefined;

    const add = (...[op, ids, attributes = {}]: Parameters<Rewriter['add']>): ValueId =>
      rewriter.add(op, ids, attributes, node.name);
    const times = (x: ValueId, by: number): ValueId => {
      const step = makeTensor('float32', [], Float32Array.of(by));
      return add('mul', [x, rewriter.constant(step, `${node.name}.step`)]);
    };
    const product = (a: ValueId, left: InputCodes, b: ValueId, right: InputRange, scale: number): ValueId => {
      const rightScale = scaleOfSigned(right);
      const attributes = { inputScale: left.scale, inputZero: left.zero, rightScale };
      // what one code stands for, given the float32s by which the product multiplies
      const unit = scale / Math.fround(1 / left.scale) / Math.fround(1 / rightScale);
      return times(add('matmul', [a, b], attributes), unit);
    };
    const rank = shape.length;
    const perm = shape.map((_, d) => (d === rank - 1 ? rank - 2 : d === rank - 2 ? rank - 1 : d));
    const turned = add('transpose', [k], { perm });
    const scaled = product(q, codes, turned, ranges.k, Number(node.attributes.scale));
    const scores = mask === undefined ? scaled : add('add', [scaled, mask]);
    const row = (kind: 'max' | 'sum', x: ValueId): ValueId =>
      add('reduce', [x], { kind, axes: [rewriter.typeOf(x).shape.length - 1], keepDims: true });
    const e = add('exp', [add('sub', [scores, row('max', scores)])]);
    return [add('div', [product(e, exponentials, v, ranges.v, 1), row('sum', e)])];
  };

/** Signed codes of a range: scale = max |b| / 127. */
function scaleOfSigned({ min, max }: InputRange): number {
  const largest = Math.max(-min, max);
  return largest > 0 ? largest / maxWeightCode : 1;
}

/** The most that a sum of `length` products of centred and signed codes can be. */
const sumOf = ({ zero }: InputCodes, length: number): number =>
  length * Math.max(zero, maxActivationCode - zero) * maxWeightCode;
