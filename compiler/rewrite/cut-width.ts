import type { Node, ValueId } from '../ir/graph.ts';
import { type Matrix, makeMatrix } from '../linalg/matrix.ts';
import { multiply } from '../linalg/multiply.ts';
import { dtypes } from '../tensor/dtype.ts';
import { elementCount, shapeOf, sizeAt, sizesOf } from '../tensor/shape.ts';
import { makeTensor, type Tensor } from '../tensor/tensor.ts';
import { flowsInto, narrowAttributes, type SizedNode } from './channel-flow.ts';
import { float32 } from './factor-layer.ts';
import type { Rewriter, Rule } from './rebuild.ts';

/** The value with only the features `kept` (ascending) along `axis`; undefined where it has features that are mixed. */
export type Narrow = (rewriter: Rewriter, id: ValueId, axis: number, kept: readonly number[]) => ValueId | undefined;

/**
 * A narrower for one set of kept features: it goes back through nodes that keep features apart to the layers that make
 * them, whose rows it cuts, and adds each narrow value once in a rebuild, however many readers ask for it. Parts of a value
 * (of gates and what they gate, made by one layer) become values of their own.
 */
export function makeNarrower(): Narrow {
  const made = new WeakMap<Rewriter, Map<string, ValueId | undefined>>();
  const narrow: Narrow = (rewriter, id, axis, kept) => {
    const found = made.get(rewriter) ?? new Map<string, ValueId | undefined>();
    made.set(rewriter, found);
    const key = `${id} ${axis} ${kept.join()}`;
    if (!found.has(key)) found.set(key, narrowValue(rewriter, id, axis, kept, narrow));
    return found.get(key);
  };
  return narrow;
}

function narrowValue(
  rewriter: Rewriter,
  id: ValueId,
  axis: number,
  kept: readonly number[],
  narrow: Narrow,
): ValueId | undefined {
  const known = rewriter.known(id);
  if (known) return rewriter.constant(takeAlong(known, axis, kept), rewriter.nameOf(id));
  const node = rewriter.producer(id);
  const sized = node && sizedNode(node, (value) => sizesOf(rewriter.typeOf(value).shape));
  const flows = sized && flowsInto(sized, axis);
  if (!node || !flows) return undefined;
  const inputs = [...node.inputs];
  const dropped = new Set<number>();
  let inner = 0;
  for (const { input, axis: from, first, source } of flows) {
    const old = node.inputs[input];
    const wanted = keptOfInput(kept, first, source);
    if (input === 0) inner = wanted.length;
    const next = old === undefined || wanted.length === 0 ? undefined : narrow(rewriter, old, from, wanted);
    if (next !== undefined) inputs[input] = next;
    else if (node.op === 'concat' && wanted.length === 0) dropped.add(input);
    else return undefined;
  }
  const left = inputs.filter((_, i) => !dropped.has(i));
  const [only, ...rest] = left;
  if (node.op === 'concat' && rest.length === 0) return only;
  return rewriter.add(node.op, left, narrowAttributes(sized, axis, kept.length, inner), node.name);
}

/** A node with the sizes of its values. */
export const sizedNode = (node: Node, sizes: (id: ValueId) => readonly number[]): SizedNode => ({
  op: node.op,
  attributes: node.attributes,
  inputs: node.inputs.map(sizes),
  output: node.outputs[0] === undefined ? [] : sizes(node.outputs[0]),
});

function keptOfInput(kept: readonly number[], first: number, source: readonly number[]): number[] {
  const all = kept.flatMap((feature) => source[feature - first] ?? []);
  return [...new Set(all)].sort((a, b) => a - b);
}

/** The slices of a tensor at these places along one dimension. */
export function takeAlong(tensor: Tensor, axis: number, kept: readonly number[]): Tensor {
  const sizes = sizesOf(tensor.shape);
  const count = sizeAt(tensor.shape, axis);
  const run = elementCount(tensor.shape.slice(axis + 1));
  const shape = shapeOf(sizes.map((size, d) => (d === axis ? kept.length : size)));
  const data = new dtypes[tensor.dtype].array(elementCount(shape));
  let to = 0;
  for (let from = 0; from < tensor.data.length; from += count * run)
    for (const place of kept)
      for (let i = 0; i < run; i++) data[to++] = tensor.data[from + place * run + i] as number & bigint;
  return makeTensor(tensor.dtype, shape, data);
}

/**
 * How a layer reads units: `units[c]` is the unit of its input channel c, 0..P-1. All units have equally many channels,
 * more than one where images were flattened.
 */
export interface ReadUnits {
  readonly axis: number;
  readonly units: readonly number[];
}

/** h ≈ mix h[kept] + shift: what stands for all P units after the cut. `mix` is [P, kept], `shift` has P numbers. */
export interface Refit {
  readonly kept: readonly number[];
  readonly mix: Matrix;
  readonly shift: Float64Array;
}

/**
 * A linear layer or an ungrouped convolution on the kept units only, the others' part folded into its weights and bias:
 * W'_t = W_t mix, b' = b + sum over taps of W_t shift. A shift is wrong at padding, which stays zero.
 */
export const cutReader =
  ({ axis, units }: ReadUnits, refit: () => Refit, narrow: Narrow): Rule =>
  ({ node, inputs }, rewriter) => {
    const [x, w, b] = inputs;
    const weights = w === undefined ? undefined : rewriter.known(w);
    const bias = b === undefined ? undefined : rewriter.known(b);
    if (x === undefined || w === undefined || weights?.dtype !== 'float32' || (b !== undefined && !bias))
      return undefined;
    if (sizeAt(weights.shape, 1) !== units.length) return undefined;
    const { kept, mix, shift } = refit();
    const channels = units.flatMap((unit, c) => (kept.includes(unit) ? [c] : []));
    const narrowed = narrow(rewriter, x, axis, channels);
    if (narrowed === undefined) return undefined;
    const columns = columnsByUnit(weights, units);
    const cut = withColumns(weights, multiply(columns, mix), kept, units, channels);
    const parameters = [rewriter.constant(cut, rewriter.nameOf(w))];
    if (bias || shift.some((c) => c !== 0)) {
      const shifts = multiply(columns, makeMatrix(shift.length, 1, Float64Array.from(shift))).data;
      const outputs = sizeAt(weights.shape, 0);
      const perOutput = shifts.length / outputs;
      const sums = Float64Array.from({ length: outputs }, (_, n) =>
        shifts.subarray(n * perOutput, (n + 1) * perOutput).reduce((sum, v) => sum + v, Number(bias?.data[n] ?? 0)),
      );
      const name = b === undefined ? `${rewriter.nameOf(w)}.bias` : rewriter.nameOf(b);
      parameters.push(rewriter.constant(float32([outputs], sums), name));
    }
    return [rewriter.add(node.op, [narrowed, ...parameters], node.attributes, node.name)];
  };

/** Channels of each unit, ascending. */
function slotsOf(units: readonly number[]): number[][] {
  const slots: number[][] = [];
  units.forEach((unit, channel) => {
    const list = slots[unit] ?? [];
    list.push(channel);
    slots[unit] = list;
  });
  return slots;
}

/**
 * W [N, C, taps...] with a column per unit: one row for each output, each channel of a unit and each tap, so that
 * trace(W Cov W') summed over these is trace(columns' columns Cov).
 */
export function columnsByUnit(weights: Tensor, units: readonly number[]): Matrix {
  const slots = slotsOf(units);
  const each = units.length / slots.length;
  const taps = elementCount(weights.shape.slice(2));
  const outputs = sizeAt(weights.shape, 0);
  const columns = makeMatrix(outputs * each * taps, slots.length);
  slots.forEach((channels, unit) => {
    for (let n = 0; n < outputs; n++)
      channels.forEach((channel, slot) => {
        for (let t = 0; t < taps; t++)
          columns.data[((n * each + slot) * taps + t) * slots.length + unit] = Number(
            weights.data[(n * units.length + channel) * taps + t],
          );
      });
  });
  return columns;
}

/** The inverse of `columnsByUnit` for the kept units: their channels close up. */
function withColumns(
  weights: Tensor,
  columns: Matrix,
  kept: readonly number[],
  units: readonly number[],
  channels: readonly number[],
): Tensor {
  const slots = slotsOf(units);
  const each = units.length / slots.length;
  const [outputs = 0, , ...kernel] = sizesOf(weights.shape);
  const taps = elementCount(shapeOf(kernel));
  const data = new Float64Array(outputs * channels.length * taps);
  const places = new Map(channels.map((channel, place) => [channel, place]));
  kept.forEach((unit, q) => {
    slots[unit]?.forEach((channel, slot) => {
      const place = places.get(channel) ?? 0;
      for (let n = 0; n < outputs; n++)
        for (let t = 0; t < taps; t++)
          data[(n * channels.length + place) * taps + t] =
            columns.data[((n * each + slot) * taps + t) * kept.length + q] ?? 0;
    });
  });
  return float32([outputs, channels.length, ...kernel], data);
}
