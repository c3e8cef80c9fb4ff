import { maxActivationCode, maxWeightCode } from '../../kernel/quantization.ts';
import type { Matrix } from '../../linalg/matrix.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { largestMagnitudes } from '../calibrate/spread.ts';
import { channelRanges, wholeRange } from './channel-ranges.ts';
import { channelsOf } from './quantize-activations.ts';

/** What an encoding may lose and take, before it is made. */
export interface Guess {
  /** expected squared error of the output: sum over features, at one position; NaN where nothing is known of the inputs */
  readonly error: number;
  readonly compressedBits: number;
}

export interface GuessRounding {
  float16(): Guess;
  /** `limit`: the largest code; `groups`: which scale each weight has */
  integer(limit: number, groups: Int32Array): Guess;
  palette(entries: number): Guess;
  /** inputs in integers too, int8 weights by output */
  withInputs(rows: Matrix, groups: Int32Array): Guess;
}

/** Mean squared error of the best k-level quantiser of a normal density, k^2 times: sqrt(3) pi / 2 (Panter and Dite 1951). */
const normalNoise = (Math.sqrt(3) * Math.PI) / 2;
/** Entropy of normal deviates in uniform steps: log2(sqrt(2 pi e) sigma / step). */
const normalEntropy = Math.sqrt(2 * Math.PI * Math.E);
/** Bits that a code of a scale takes. */
const scaleBits = 16;
const entryBits = 32;
/** A rounding step of float16 over the value, root mean square; its exponents compress, its fractions do not. */
const half = { step: 1.5 * 2 ** -11, bits: 15 };

/**
 * Rounding errors as white noise of the weights, as if these were normal deviates: with h_i what a squared error of weight i
 * costs (undefined where that is unknown), error = sum of h_i noise_i, uniform steps s having the noise s^2 / 12.
 */
export function makeGuess(tensor: Tensor, importance: Float64Array | undefined): GuessRounding {
  const { data } = tensor;
  const count = data.length;
  let squares = 0;
  let costs = 0;
  let halves = 0;
  for (let i = 0; i < count; i++) {
    const square = Number(data[i]) ** 2;
    const cost = importance ? (importance[i] ?? 0) : Number.NaN;
    squares += square;
    costs += cost;
    halves += cost * square;
  }
  const variance = squares / count;
  const integer = (limit: number, groups: Int32Array): Guess => {
    const largest = new Float64Array(1 + (groups.at(-1) ?? 0));
    for (let i = 0; i < count; i++) {
      const group = groups[i] ?? 0;
      largest[group] = Math.max(largest[group] ?? 0, Math.abs(Number(data[i])));
    }
    let error = 0;
    let steps = 0;
    for (let i = 0; i < count; i++) {
      const noise = ((largest[groups[i] ?? 0] ?? 0) / limit) ** 2 / 12;
      error += noise * (importance ? (importance[i] ?? 0) : Number.NaN);
      steps += 12 * noise;
    }
    const step = Math.sqrt(steps / count);
    const most = Math.log2(2 * limit + 1);
    const perCode = step > 0 ? Math.min(most, Math.log2((normalEntropy * Math.sqrt(variance)) / step)) : 0;
    return { error, compressedBits: count * Math.max(0, perCode) + scaleBits * largest.length };
  };
  return {
    integer,
    float16: () => ({ error: (halves * half.step ** 2) / 12, compressedBits: half.bits * count }),
    palette: (entries) => ({
      error: (costs * normalNoise * variance) / entries ** 2,
      // its entropy: levels of equal error are a little unequal in number
      compressedBits: 0.96 * Math.log2(entries) * count + entryBits * entries,
    }),
    withInputs(rows, groups) {
      const weights = integer(maxWeightCode, groups);
      const noise = Math.min(inputNoise(tensor, rows), inputNoise(tensor, rows, channelsOf(tensor)));
      return { ...weights, error: weights.error + noise };
    },
  };
}

/** What rounding the rows costs, all channels in the steps of one range, or each of `channels` first divided by its largest. */
function inputNoise({ data }: Tensor, rows: Matrix, channels = 1): number {
  const ranges = channelRanges(rows, channels);
  const largest = largestMagnitudes(ranges).map((most) => most || 1);
  const { min, max } = wholeRange(ranges, largest);
  const taps = rows.columns / channels;
  let squares = 0;
  for (let at = 0; at < data.length; at++)
    squares += (Number(data[at]) * (largest[Math.floor((at % rows.columns) / taps)] ?? 0)) ** 2;
  return (squares * ((max - min) / maxActivationCode) ** 2) / 12;
}
