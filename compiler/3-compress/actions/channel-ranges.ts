import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import type { InputRange } from '../../rewrite/quantize-layer.ts';
import type { Spread } from '../calibrate/spread.ts';

/** What lies between the smallest and the largest value of each channel. */
export type ChannelRanges = Pick<Spread, 'min' | 'max'>;

/** Of the columns [count, K] of each channel: all taps of one, then of the next. */
export function channelRanges({ data, columns }: Matrix, channels: number): ChannelRanges {
  const taps = columns / channels;
  const min = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  for (let start = 0; start < data.length; start += columns)
    for (let k = 0; k < columns; k++) {
      const c = Math.floor(k / taps);
      const value = data[start + k] ?? 0;
      if (value < (min[c] ?? 0)) min[c] = value;
      if (value > (max[c] ?? 0)) max[c] = value;
    }
  return { min, max };
}

/** Of all channels together, 0 included, each divided by its own divisor where there are any. */
export function wholeRange({ min, max }: ChannelRanges, divisors?: Float64Array): InputRange {
  const divided = (value: number, c: number): number => (divisors ? value / (divisors[c] ?? 1) : value);
  return {
    min: min.reduce((least, value, c) => Math.min(least, divided(value, c)), 0),
    max: max.reduce((most, value, c) => Math.max(most, divided(value, c)), 0),
  };
}

/** The columns [count, K] of each channel times its factor. */
export function timesChannels({ rows, columns, data }: Matrix, factors: Float64Array): Matrix {
  const taps = columns / factors.length;
  const all = Float64Array.from({ length: columns }, (_, k) => factors[Math.floor(k / taps)] ?? 1);
  const scaled = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += columns)
    for (let k = 0; k < columns; k++) scaled[start + k] = (data[start + k] ?? 0) * (all[k] ?? 1);
  return makeMatrix(rows, columns, scaled);
}
