import type { Graph, ValueId } from '../../ir/graph.ts';
import { sizeAt } from '../../tensor/shape.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import { findHomogeneousPairs, type HomogeneousPair, type OwnLayer } from '../homogeneous-pairs.ts';
import { makeChannelOf } from '../weight-channels.ts';

/** Largest magnitude of each feature of a value, in the order of its features. */
export type Ranges = ReadonlyMap<ValueId, ArrayLike<number>>;

export interface Equalised {
  readonly graph: Graph;
  /** pairs of layers whose channels were scaled */
  readonly pairs: number;
  /** by what a second layer reads: what each of its features is divided by */
  readonly scales: ReadonlyMap<ValueId, Float64Array>;
}

/** Rounds over all pairs, which change each other's ranges, and the change of a scale below which they are done. */
const mostRounds = 30;
const settled = 1e-3;
/** Scales stay between 1 / limit and limit, so that no weight leaves the range of float32 or float16. */
const limit = 256;

/**
 * Cross-layer equalisation (Nagel et al. 2019, data-free quantisation 4.1): between two layers with only positively
 * homogeneous functions each channel is scaled down where it is made and up where it is read,
 *
 *     W1[i] / s_i,  b1[i] / s_i,  s_i W2[, i],   s_i = sqrt(r1_i / r2_i),
 *
 * and the outputs stay as they are. For weights that are about to share one scale or palette r1 and r2 are the ranges of
 * W1[i] and W2[, i]. Where `ranges` has what the second layer reads, it is about to share one scale and every output of W2
 * has its own: r1 is that range, r2 the one of W2[, i] with each of its rows in units of its largest weight (the balance
 * of SmoothQuant, Xiao et al. 2023). Only pairs that are `wanted`.
 */
export function equaliseChannels(
  graph: Graph,
  ranges: Ranges = new Map(),
  isWanted: (pair: HomogeneousPair) => boolean = () => true,
): Equalised {
  const pairs = findHomogeneousPairs(graph).filter(isWanted);
  const tensors = new Map<ValueId, Float64Array>();
  const weightsOf = ({ weights, bias }: OwnLayer) => {
    const open = ({ id, tensor }: { readonly id: ValueId; readonly tensor: Tensor }): Float64Array => {
      const found = tensors.get(id) ?? Float64Array.from(tensor.data, Number);
      tensors.set(id, found);
      return found;
    };
    return { weights: open(weights), bias: bias && open(bias) };
  };
  const totals = pairs.map(({ writer }) => new Float64Array(sizeAt(writer.weights.tensor.shape, 0)).fill(1));
  const areSound = pairs.map(({ writer, reader }) =>
    [writer, reader].every((layer) => Object.values(weightsOf(layer)).every((data) => !data?.some(isNotFinite))),
  );
  for (let round = 0; round < mostRounds; round++) {
    let change = 0;
    for (const [i, pair] of pairs.entries()) {
      const total = totals[i];
      if (!total || !areSound[i]) continue;
      const [writer, reader] = [weightsOf(pair.writer), weightsOf(pair.reader)];
      const steps = stepsOf(pair, writer.weights, reader.weights, ranges.get(pair.x.value), total);
      for (const step of steps) change = Math.max(change, Math.abs(Math.log(step)));
      steps.forEach((step, unit) => {
        total[unit] = (total[unit] ?? 1) * step;
      });
      scale(pair, steps, writer, reader.weights);
    }
    if (change < settled) break;
  }
  const constants = new Map([...graph.constants].map(([id, tensor]) => [id, withData(tensor, tensors.get(id))]));
  const scales = new Map<ValueId, Float64Array>();
  for (const [i, { x }] of pairs.entries()) {
    const total = totals[i] ?? new Float64Array();
    if (total.some((s) => Math.abs(Math.log(s)) >= settled))
      scales.set(
        x.value,
        Float64Array.from(x.units, (unit) => total[unit] ?? 1),
      );
  }
  return scales.size === 0
    ? { graph, pairs: 0, scales }
    : { graph: { ...graph, constants }, pairs: scales.size, scales };
}

const isNotFinite = (v: number): boolean => !Number.isFinite(v);

const withData = (tensor: Tensor, data: Float64Array | undefined): Tensor =>
  data ? makeTensor(tensor.dtype, tensor.shape, Float32Array.from(data)) : tensor;

/** s of each unit now; 1 where a unit is not made or not read. `total` is what it was scaled by before. */
function stepsOf(
  { reader, x: { units } }: HomogeneousPair,
  made: Float64Array,
  read: Float64Array,
  seen: ArrayLike<number> | undefined,
  total: Float64Array,
): Float64Array {
  const each = made.length / total.length;
  const [before, behind] = [new Float64Array(total.length), new Float64Array(total.length)];
  if (seen) {
    units.forEach((unit, feature) => {
      before[unit] = Math.max(before[unit] ?? 0, (seen[feature] ?? 0) / (total[unit] ?? 1));
    });
  } else {
    made.forEach((w, at) => {
      const unit = Math.floor(at / each);
      before[unit] = Math.max(before[unit] ?? 0, Math.abs(w));
    });
  }
  const channelOf = makeChannelOf(reader.node, reader.weights.tensor);
  const largest = largestOfRows(read, seen ? sizeAt(reader.weights.tensor.shape, 0) : 1);
  read.forEach((w, at) => {
    const unit = units[channelOf(at)] ?? -1;
    behind[unit] = Math.max(behind[unit] ?? 0, Math.abs(w) / (largest(at) || 1));
  });
  return before.map((range, unit) => {
    const [other = 0, scaled = 1] = [behind[unit], total[unit]];
    const wanted = range > 0 && other > 0 ? Math.sqrt(range / other) : 1;
    return Math.max(1 / limit, Math.min(limit, scaled * wanted)) / scaled;
  });
}

/** The largest magnitude of the row that an element lies in; 1 where all are one row. */
function largestOfRows(data: Float64Array, rows: number): (at: number) => number {
  if (rows === 1) return () => 1;
  const each = data.length / rows;
  const largest = new Float64Array(rows);
  data.forEach((w, at) => {
    const row = Math.floor(at / each);
    largest[row] = Math.max(largest[row] ?? 0, Math.abs(w));
  });
  return (at) => largest[Math.floor(at / each)] ?? 1;
}

function scale(
  { reader, x: { units } }: HomogeneousPair,
  steps: Float64Array,
  writer: { readonly weights: Float64Array; readonly bias: Float64Array | undefined },
  read: Float64Array,
): void {
  const each = writer.weights.length / steps.length;
  for (let at = 0; at < writer.weights.length; at++)
    writer.weights[at] = (writer.weights[at] ?? 0) / (steps[Math.floor(at / each)] ?? 1);
  writer.bias?.forEach((b, unit, bias) => {
    bias[unit] = b / (steps[unit] ?? 1);
  });
  const channelOf = makeChannelOf(reader.node, reader.weights.tensor);
  for (let at = 0; at < read.length; at++) read[at] = (read[at] ?? 0) * (steps[units[channelOf(at)] ?? -1] ?? 1);
}
