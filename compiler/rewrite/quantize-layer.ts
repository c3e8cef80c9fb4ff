import { bug } from '../diagnostics/index.ts';
import type { Node } from '../ir/graph.ts';
import { codesPerWord, maxActivationCode, maxWeightCode } from '../kernel/quantization.ts';
import { numbersOf, roundToEven } from '../tensor/convert.ts';
import { shapeOf, sizeAt, sizesOf } from '../tensor/shape.ts';
import { makeTensor, type Tensor } from '../tensor/tensor.ts';
import type { Rule } from './rebuild.ts';

/** w[o, ...] = codes[o, ...] * scales[o], codes whole and from -127 to 127 in the order of w. */
export interface WeightCodes {
  readonly codes: ArrayLike<number>;
  /** one per output */
  readonly scales: ArrayLike<number>;
}

/** Smallest and largest value seen at a layer's input. */
export interface InputRange {
  readonly min: number;
  readonly max: number;
}

export interface LayerQuantization {
  /** of what is rounded: of x over the divisors, where there are any */
  readonly input: InputRange;
  /** codes found elsewhere; those of `roundWeights` where left out */
  readonly weights?: WeightCodes;
  /** one per input channel: x is divided by them before it is rounded, as the weights that the codes stand for are multiplied */
  readonly divisors?: Float64Array;
}

/** x = (q - zero) * scale for codes q from 0 to 127. */
export interface InputCodes {
  readonly scale: number;
  readonly zero: number;
}

/**
 * Static 7-bit codes of a range, which is widened to hold 0: scale = (max - min) / 127, zero = round(-min / scale), so 0
 * where nothing is negative. Seven bits, so that relaxed dot products mean one thing on every machine.
 */
export function codesOfRange({ min, max }: InputRange): InputCodes {
  const [low, high] = [Math.min(0, min), Math.max(0, max)];
  const scale = high === low ? 1 : (high - low) / maxActivationCode;
  return { scale, zero: Math.min(maxActivationCode, Math.round((0 - low) / scale)) };
}

/** Groups of codes whose products should fit 16 bits together (4-lower/pack-codes.ts), the faster number first. */
const groupsTogether = [4, 2] as const;
/** Codes of one sign in a 16-bit sum. */
const mostOfSign = 258;
/** Times wider steps that this may cost an output. */
const mostWidening = 3;

/**
 * Nearest codes, symmetric per output channel (axis 0): scale = max |w| / 127 (papers.md 5.5), or a little more where that
 * keeps the sums of a few products within 16 bits.
 */
export function roundWeights(weights: Tensor): WeightCodes {
  const values = numbersOf(weights);
  const [outputs, channels = 1, ...kernel] = [sizeAt(weights.shape, 0), ...sizesOf(weights.shape).slice(1)];
  const taps = kernel.reduce((a, b) => a * b, 1);
  const each = channels * taps;
  const run = channels * (kernel.at(-1) ?? 1);
  const filled = Math.ceil(run / codesPerWord) * codesPerWord;
  const scales = Float64Array.from({ length: outputs }, (_, o) => {
    const own = Float64Array.from({ length: each }, (_, i) => values[o * each + i] ?? 0);
    const largest = own.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
    // as kernels read them: channels innermost, each row of taps filled up to whole groups
    const inOrder = new Float64Array((each / run) * filled);
    for (let i = 0; i < each; i++)
      inOrder[Math.floor(i / run) * filled + (i % run)] = own[(i % channels) * taps + Math.floor(i / channels)] ?? 0;
    return scaleOf(largest / maxWeightCode, inOrder);
  });
  const codes = Int8Array.from(values, (w, i) => {
    const scale = scales[Math.floor(i / each)] ?? 0;
    return scale === 0 ? 0 : roundToEven(w / scale);
  });
  return { codes, scales };
}

function scaleOf(narrowest: number, weights: Float64Array): number {
  for (const groups of groupsTogether) {
    // rounding may add a half to each of two codes a group
    const scale = largestTogether(weights, groups) / (mostOfSign - groups);
    if (scale <= mostWidening * narrowest) return Math.max(narrowest, scale);
  }
  return narrowest;
}

/** Largest sum of weights of one sign that lie in the same half of neighbouring groups of four. */
function largestTogether(weights: Float64Array, groups: number): number {
  let largest = 0;
  for (let first = 0; first < weights.length; first += codesPerWord / 2) {
    let [above, below] = [0, 0];
    for (let group = 0; group < groups; group++) {
      for (let i = 0; i < codesPerWord / 2; i++) {
        const w = weights[first + group * codesPerWord + i] ?? 0;
        if (w > 0) above += w;
        else below -= w;
      }
    }
    largest = Math.max(largest, above, below);
  }
  return largest;
}

/** Integers up to here are exact in float32, in which sums are handed on. */
export const maxSum = 2 ** 24;

/**
 * A linear layer or convolution in int8. With q(x) the codes of x (ops/quantize.ts), S = scale of x * scales[o]:
 *     y[o] = S * (sum of q(x) * codes[o]) + (b[o] - S * zero * sum of codes[o])
 * The node keeps its op and gets `inputScale` and `inputZero`; a mul and an add per output follow, for the epilogue. Divisors
 * become a mul of the input, for the epilogue of what makes it (SmoothQuant, Xiao et al. 2023, without a layer to fold into).
 * No answer for a layer whose weights are not float32 constants, whose neighbouring inputs leave groups of four too empty,
 * whose sums could leave the whole numbers of float32, or that is quantised already.
 */
export const quantizeLayer =
  ({ input, weights: given, divisors }: LayerQuantization): Rule =>
  ({ node, inputs }, rewriter) => {
    const [x, w, b] = inputs;
    const weights = w === undefined ? undefined : rewriter.known(w);
    const bias = b === undefined ? undefined : rewriter.known(b);
    if (x === undefined || w === undefined || !weights || (b !== undefined && !bias)) return undefined;
    if (!isQuantizable(node, weights) || rewriter.typeOf(x).dtype !== 'float32') return undefined;
    if (![input.min, input.max, ...numbersOf(weights)].every(Number.isFinite)) return undefined;
    const { codes, scales } = given ?? roundWeights(weights);
    const sums = sumsOfCodes(codes, weights);
    if (sums.some(({ above, below }) => maxActivationCode * Math.max(above, below) >= maxSum)) return undefined;

    const { scale, zero } = codesOfRange(input);
    // what one code stands for, given the float32 by which the layer multiplies
    const unit = 1 / Math.fround(1 / scale);
    const steps = Float32Array.from(sums, (_, o) => unit * (scales[o] ?? 0));
    const shifts = bias ? numbersOf(bias) : sums.map(() => 0);
    const shift = Float32Array.from(sums, ({ above, below }, o) => {
      return (shifts[o] ?? 0) - (steps[o] ?? 0) * zero * (above - below);
    });
    if (!steps.every(Number.isFinite) || !shift.every(Number.isFinite)) return undefined;

    const name = rewriter.nameOf(w);
    // of a convolution channels are followed by as many axes as its kernel has
    const perChannel = (count: number) =>
      node.op === 'linear' ? [count] : [count, ...weights.shape.slice(2).map(() => 1)];
    const constant = (data: Float32Array, part: string) =>
      rewriter.constant(makeTensor('float32', shapeOf(perChannel(data.length)), data), `${name}.${part}`);
    const factors = divisors && Float32Array.from(divisors, (d) => 1 / d);
    const balanced = factors ? rewriter.add('mul', [x, constant(factors, 'factors')], {}, node.name) : x;
    const codesId = rewriter.constant(makeTensor('float32', weights.shape, Float32Array.from(codes)), `${name}.codes`);
    const attributes = { ...node.attributes, inputScale: scale, inputZero: zero };
    const summed = rewriter.add(node.op, [balanced, codesId], attributes, node.name);
    const scaled = rewriter.add('mul', [summed, constant(steps, 'scales')], {}, node.name);
    const isShifted = shift.some((s) => s !== 0);
    return [isShifted ? rewriter.add('add', [scaled, constant(shift, 'shift')], {}, node.name) : scaled];
  };

/** Zero codes that fill up groups of four, over the codes there are: with more of them a layer would be slower than before. */
const mostFilling = 1 / 3;

/** Whether a layer has what int8 kernels take: neighbouring inputs (of a group) that nearly fill groups of four. */
export function isQuantizable({ op, attributes }: Node, { dtype, shape }: Tensor): boolean {
  if ((op !== 'linear' && op !== 'conv') || attributes.inputScale !== undefined || dtype !== 'float32') return false;
  const [channels = 0, ...kernel] = sizesOf(shape).slice(1);
  // one tap beside the other, where nothing lies between them
  const { dilations } = attributes;
  const isDense = !Array.isArray(dilations) || dilations.every((d) => d === 1);
  const run = isDense && Number(attributes.group ?? 1) === 1 ? channels * (kernel.at(-1) ?? 1) : channels;
  const filling = (codesPerWord - (run % codesPerWord)) % codesPerWord;
  return run > 1 && filling <= mostFilling * run;
}

interface CodeSums {
  /** sum of the positive codes of one output, and minus that of the negative ones */
  readonly above: number;
  readonly below: number;
}

/** A partial sum of an output lies between -127 * below and 127 * above. */
function sumsOfCodes(codes: ArrayLike<number>, { shape }: Tensor): CodeSums[] {
  const outputs = sizeAt(shape, 0);
  const each = sizesOf(shape)
    .slice(1)
    .reduce((a, b) => a * b, 1);
  if (codes.length !== outputs * each) throw bug(`${codes.length} codes for ${outputs * each} weights`);
  return Array.from({ length: outputs }, (_, o) => {
    let [above, below] = [0, 0];
    for (let i = o * each; i < (o + 1) * each; i++) {
      const code = codes[i] ?? 0;
      if (!Number.isInteger(code) || Math.abs(code) > maxWeightCode) throw bug(`${code} is no int8 code of a weight`);
      if (code > 0) above += code;
      else below -= code;
    }
    return { above, below };
  });
}
