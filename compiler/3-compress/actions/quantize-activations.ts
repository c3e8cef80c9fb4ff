import { maxActivationCode } from '../../kernel/quantization.ts';
import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import { multiplyTransposed } from '../../linalg/multiply.ts';
import {
  codesOfRange,
  type InputCodes,
  type InputRange,
  type LayerQuantization,
  quantizeLayer,
  roundWeights,
} from '../../rewrite/quantize-layer.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { roundToEven } from '../../tensor/convert.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import { largestMagnitudes } from '../calibrate/spread.ts';
import { type ChannelRanges, channelRanges, timesChannels, wholeRange } from './channel-ranges.ts';

/** A layer that quantises its input and multiplies integers. */
export interface IntegerLayer {
  readonly rule: Rule;
  /** expected squared error of the output: sum over features, at one position, with the mean kept where asked for */
  readonly error: number;
  /** what the mean of each output moves by */
  readonly shift: Float64Array;
  /** 8 for a weight, 64 for an output's scale and shift */
  readonly bits: number;
}

/** Shares of the range seen that are tried: a few large inputs may clip, so that all others are finer. */
const clips = [1, 0.75, 0.5];
/** Powers of a channel's largest input that are tried as its divisor; the rest of a power of 1 is its largest weight's. */
const balances = [0.7, 1];
/** Divisors cost bytes, and a multiplication of every input: they have to take this share of the error away. */
const leastGain = 0.3;
/** Factors have this many values from one power of two to the next, so that they compress. */
const factorSteps = 8;

/** How a layer's inputs and weights are rounded, and what the rounded ones stand for. */
interface Rounding extends LayerQuantization {
  readonly error: number;
  readonly shift: Float64Array;
}

/** What is known of a layer's inputs beside its rows. */
export interface LayerInputs {
  /** the range of every input channel over all positions; else that of the rows */
  readonly ranges?: ChannelRanges | undefined;
  /** a bias is going to take up what the mean of the outputs moves by (Nagel et al. 2019) */
  readonly keepsMean?: boolean;
}

/**
 * Static 7-bit inputs from the rows [count, K] that the layer reads, weights int8 by output. The range is the one of least
 * error, rounding of both operands and clipping included: ||X W' - Q(X) Q(W)'||^2 / rows (papers.md 5.5), around its mean
 * where that is kept. Where it pays, channels of large inputs are divided and their weights multiplied,
 * d_c = max|x_c|^a / max|w_c|^(1 - a) (SmoothQuant, Xiao et al. 2023, equation 4).
 */
export function makeIntegerLayer(weights: Tensor, rows: Matrix, inputs: LayerInputs = {}): IntegerLayer {
  const exact = weightRows(weights, rows.columns);
  const task = { rows, wanted: multiplyTransposed(rows, exact).data, keepsMean: inputs.keepsMean ?? false };
  const ranges = inputs.ranges ?? channelRanges(rows, channelsOf(weights));
  let best = roundBoth(weights, wholeRange(ranges), task);
  for (const balance of channelsOf(weights) > 1 ? balances : []) {
    const divisors = divisorsOf(exact, ranges, balance);
    const inverse = divisors.map((d) => 1 / d);
    const scaled = Float32Array.from(timesChannels(exact, divisors).data);
    const divided = { ...task, rows: timesChannels(rows, inverse) };
    const found = roundBoth(makeTensor('float32', weights.shape, scaled), wholeRange(ranges, divisors), divided);
    const needed = best.divisors ? best.error : (1 - leastGain) * best.error;
    if (found.error < needed) best = { ...found, divisors };
  }
  const tables = 64 * exact.rows + 32 * (best.divisors?.length ?? 0);
  const bits = 8 * elementCount(weights.shape) + tables;
  return { rule: quantizeLayer(best), error: best.error, shift: best.shift, bits };
}

/** Expected squared error of the output as by `makeIntegerLayer`, without divisors. */
export function integerError(weights: Tensor, rows: Matrix, keepsMean: boolean): number {
  const wanted = multiplyTransposed(rows, weightRows(weights, rows.columns)).data;
  return roundBoth(weights, wholeRange(channelRanges(rows, 1)), { rows, wanted, keepsMean }).error;
}

/** [N, K] of [N, K] or [N, C, taps...] */
const weightRows = ({ data, shape }: Tensor, columns: number): Matrix =>
  makeMatrix(elementCount(shape) / columns, columns, Float64Array.from(data, Number));

/** Columns of the rows: all taps of a channel, then the next. */
export const channelsOf = ({ shape }: Tensor): number => sizeAt(shape, 1);

/** One per channel, so that the factors are short; channels that are always 0 stay as they are. */
function divisorsOf(weights: Matrix, ranges: ChannelRanges, balance: number): Float64Array {
  const x = largestMagnitudes(ranges);
  const w = largestMagnitudes(channelRanges(weights, x.length));
  const divisors = x.map((most, c) => most ** balance / (w[c] ?? 0) ** (1 - balance));
  return divisors.map((d) => (d > 0 && Number.isFinite(d) ? 1 / shortened(1 / d) : 1));
}

function shortened(factor: number): number {
  const unit = 2 ** Math.floor(Math.log2(factor)) / factorSteps;
  return unit * Math.round(factor / unit);
}

interface RoundingTask {
  readonly rows: Matrix;
  /** what the layer gives of them [count, N] */
  readonly wanted: Float64Array;
  readonly keepsMean: boolean;
}

/** The clipping of least error. */
function roundBoth(weights: Tensor, range: InputRange, { rows, wanted, keepsMean }: RoundingTask): Rounding {
  const outputs = elementCount(weights.shape) / rows.columns;
  const { codes, scales } = roundWeights(weights);
  const rounded = makeMatrix(
    outputs,
    rows.columns,
    Float64Array.from(codes, (code, i) => code * (scales[Math.floor(i / rows.columns)] ?? 0)),
  );
  let best: Rounding | undefined;
  for (const clip of clips) {
    const input = { min: clip * range.min, max: clip * range.max };
    const found = multiplyTransposed(throughCodes(rows, codesOfRange(input)), rounded).data;
    const shift = new Float64Array(outputs);
    let error = 0;
    for (let i = 0; i < found.length; i++) {
      const moved = (found[i] ?? 0) - (wanted[i] ?? 0);
      error += moved * moved;
      shift[i % outputs] = (shift[i % outputs] ?? 0) + moved / rows.rows;
    }
    error = error / rows.rows - (keepsMean ? shift.reduce((sum, v) => sum + v * v, 0) : 0);
    if (best === undefined || error < best.error)
      best = { input, weights: { codes, scales }, error: Math.max(0, error), shift };
  }
  return best ?? { input: range, error: Number.NaN, shift: new Float64Array(outputs) };
}

/** What the codes of the rows stand for. */
function throughCodes(rows: Matrix, { scale, zero }: InputCodes): Matrix {
  const coded = rows.data.map((v) => {
    const code = Math.max(0, Math.min(maxActivationCode, roundToEven(v / scale) + zero));
    return (code - zero) * scale;
  });
  return makeMatrix(rows.rows, rows.columns, coded);
}
