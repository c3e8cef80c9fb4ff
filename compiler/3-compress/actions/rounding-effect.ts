import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import { gram, multiply, multiplyTransposed } from '../../linalg/multiply.ts';
import { elementCount, sizeAt, sizesOf } from '../../tensor/shape.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import type { Spread } from '../calibrate/spread.ts';
import { makeChannelOf } from '../weight-channels.ts';
import type { ChannelRanges } from './channel-ranges.ts';
import { damping } from './compensate-rounding.ts';
import type { StoredPlace } from './stored-places.ts';

/**
 * What is known of the inputs that a layer's weights multiply: rows [count, K] in the order of the weights, with the ranges
 * of the channels over more than these, or only how each channel is spread.
 */
export type Evidence =
  | { readonly kind: 'rows'; readonly rows: Matrix; readonly ranges?: ChannelRanges | undefined }
  | { readonly kind: 'spread'; readonly spread: Spread }
  | { readonly kind: 'none' };

/** What other weights do to the output. */
export interface Effect {
  /** expected squared error at one position, summed over outputs; NaN where nothing is known of the inputs */
  readonly error: number;
  /** the bias that keeps the mean output; undefined where there is none to change */
  readonly bias: Tensor | undefined;
}

type Place = Pick<StoredPlace, 'tensor' | 'node' | 'bias' | 'isTable' | 'positions'>;

/**
 * Error of y at one position, summed over outputs, and the bias that takes up the shift of its mean (Nagel et al. 2019,
 * bias correction; where there is one to change). With rows X around their mean: ||X dW'||^2 / rows. With spreads only,
 * for independent inputs: sum over n and k of dW[n,k]^2 Var(x_k). Of a table T [V, d]: ||dT||^2 / V, all rows alike. Of
 * weights that are a table too, the relative errors of both uses together.
 */
export function makeEffect(place: Place, evidence: Evidence): (rounded: Tensor) => Effect {
  if (evidence.kind === 'none') return () => ({ error: Number.NaN, bias: undefined });
  const ofLayer = place.positions === 0 ? undefined : effectOnLayer(place, evidence);
  if (!place.isTable) return ofLayer ?? (() => ({ error: Number.NaN, bias: undefined }));
  const cost = costInTable(place, ofLayer);
  return (rounded) => {
    const { error, bias } = ofLayer?.(rounded) ?? { error: 0, bias: undefined };
    let squares = 0;
    for (let i = 0; i < rounded.data.length; i++)
      squares += (Number(rounded.data[i]) - Number(place.tensor.data[i])) ** 2;
    return { error: error + cost * squares, bias };
  };
}

const effectOnLayer = (place: Place, evidence: Exclude<Evidence, { kind: 'none' }>): ((rounded: Tensor) => Effect) =>
  evidence.kind === 'rows'
    ? effectOnRows(place, evidence.rows)
    : (rounded) => effectBySpread(place, rounded, evidence.spread);

/**
 * What a squared error of one element costs where rows are gathered or added: 1 / V; beside a layer what turns the error's share of
 * the rows' variance into that of the layer's output.
 */
function costInTable({ tensor }: Place, ofLayer: ((rounded: Tensor) => Effect) | undefined): number {
  const width = sizeAt(tensor.shape, -1);
  const rows = elementCount(tensor.shape) / width;
  if (!ofLayer) return 1 / rows;
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0; i < tensor.data.length; i++) {
    const value = Number(tensor.data[i]);
    sums[i % width] = (sums[i % width] ?? 0) + value;
    squares[i % width] = (squares[i % width] ?? 0) + value * value;
  }
  const variance = squares.reduce((sum, square, k) => sum + square - (sums[k] ?? 0) ** 2 / rows, 0);
  const nothing = makeTensor('float32', tensor.shape, new Float32Array(tensor.data.length));
  return variance > 0 ? ofLayer(nothing).error / variance : 0;
}

/**
 * What a squared error of each weight costs at the output, inputs taken as unrelated: the spread of the input that it
 * multiplies, second moment without a bias and variance with one, damped as Hessians are. Undefined where nothing is known.
 */
export function importanceOf(place: Place, evidence: Evidence): Float64Array | undefined {
  if (evidence.kind === 'none') return undefined;
  const count = elementCount(place.tensor.shape);
  const ofLayer = place.positions === 0 ? undefined : effectOnLayer(place, evidence);
  const table = place.isTable ? costInTable(place, ofLayer) : 0;
  return ofLayer ? importanceInLayer(place, evidence).map((h) => h + table) : new Float64Array(count).fill(table);
}

function importanceInLayer(place: Place, evidence: Exclude<Evidence, { kind: 'none' }>): Float64Array {
  const { tensor, bias } = place;
  const count = elementCount(tensor.shape);
  switch (evidence.kind) {
    case 'rows': {
      const { data, columns } = aroundMean(evidence.rows, bias !== undefined).centred;
      const squares = new Float64Array(columns);
      for (let start = 0; start < data.length; start += columns)
        for (let k = 0; k < columns; k++)
          squares[k] = (squares[k] ?? 0) + (data[start + k] ?? 0) ** 2 / evidence.rows.rows;
      return damped(Float64Array.from({ length: count }, (_, i) => squares[i % columns] ?? 0));
    }
    case 'spread': {
      const channelOf = makeChannelOf(place.node, place.tensor);
      return damped(Float64Array.from({ length: count }, (_, i) => spreadOf(evidence.spread, channelOf(i), bias)));
    }
    default:
      return evidence satisfies never;
  }
}

function damped(weights: Float64Array): Float64Array {
  const floor = (damping * weights.reduce((sum, v) => sum + v, 0)) / weights.length;
  return weights.map((v) => v + floor);
}

/** Rows around their mean, or as they are. */
function aroundMean(rows: Matrix, isCentred: boolean) {
  const { columns, data } = rows;
  const mean = new Float64Array(columns);
  if (!isCentred) return { centred: rows, mean };
  const centred = makeMatrix(rows.rows, columns);
  for (let start = 0; start < data.length; start += columns)
    for (let k = 0; k < columns; k++) mean[k] = (mean[k] ?? 0) + (data[start + k] ?? 0) / rows.rows;
  for (let start = 0; start < data.length; start += columns)
    for (let k = 0; k < columns; k++) centred.data[start + k] = (data[start + k] ?? 0) - (mean[k] ?? 0);
  return { centred, mean };
}

function effectOnRows({ tensor, bias }: Place, rows: Matrix): (rounded: Tensor) => Effect {
  const { columns } = rows;
  const outputs = elementCount(tensor.shape) / columns;
  const { centred, mean } = aroundMean(rows, bias !== undefined);
  // ||X D'||^2 = trace(D X'X D'), the shorter way where there are more rows than inputs
  const scatter = rows.rows > columns ? gram(centred) : undefined;
  return (rounded) => {
    const change = makeMatrix(outputs, columns);
    for (let i = 0; i < change.data.length; i++) change.data[i] = Number(rounded.data[i]) - Number(tensor.data[i]);
    const moved = scatter ? multiply(change, scatter).data : multiplyTransposed(change, centred).data;
    const sum = moved.reduce((all, v, i) => all + v * (scatter ? (change.data[i] ?? 0) : v), 0);
    const shift = multiply(change, makeMatrix(columns, 1, mean)).data;
    return { error: Math.max(0, sum) / rows.rows, bias: shiftBias(bias, shift) };
  };
}

/** Second moment, or variance where a bias takes up the mean. */
function spreadOf({ mean, meanSquare }: Spread, channel: number, bias: Place['bias']): number {
  const centre = bias ? (mean[channel] ?? 0) : 0;
  return Math.max(0, (meanSquare[channel] ?? 0) - centre * centre);
}

function effectBySpread(place: Place, rounded: Tensor, spread: Spread): Effect {
  const { tensor, bias } = place;
  const channelOf = makeChannelOf(place.node, place.tensor);
  const outputs = sizesOf(tensor.shape)[0] ?? 1;
  const each = rounded.data.length / outputs;
  const shift = new Float64Array(outputs);
  let error = 0;
  for (let i = 0; i < rounded.data.length; i++) {
    const [output, channel] = [Math.floor(i / each), channelOf(i)];
    const change = Number(rounded.data[i]) - Number(tensor.data[i]);
    error += change * change * spreadOf(spread, channel, bias);
    if (bias) shift[output] = (shift[output] ?? 0) + change * (spread.mean[channel] ?? 0);
  }
  return { error, bias: shiftBias(bias, shift) };
}

/** The bias that takes up these shifts of the mean outputs. */
export function shiftBias(bias: Place['bias'], shift: Float64Array): Tensor | undefined {
  if (!bias) return undefined;
  const corrected = Float32Array.from(shift, (v, n) => Number(bias.tensor.data[n]) - v);
  return makeTensor('float32', bias.tensor.shape, corrected);
}
