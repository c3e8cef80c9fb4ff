import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { codesPerWord, integerTime } from '../../kernel/quantization.ts';
import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../linalg/multiply.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { groupByChannel, groupByInputs } from '../../tensor/groups.ts';
import { elementCount, sizeAt, sizesOf } from '../../tensor/shape.ts';
import { bitsOf, storeFloat16, storeInteger } from '../../tensor/stored.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import type { Spread } from '../calibrate/spread.ts';
import { compensateRounding, inverseHessians } from './compensate-rounding.ts';
import { storePalette } from './palette.ts';
import { makeIntegerLayer } from './quantize-activations.ts';

/** A constant that may be stored in fewer bits, and the value that its rounding disturbs. */
export interface StoredPlace {
  readonly name: string;
  readonly constant: ValueId;
  readonly tensor: Tensor;
  readonly node: Node;
  /** the node's output */
  readonly output: ValueId;
  /** dimension of the output that holds its features */
  readonly axis: number;
  /** the value that the weights multiply, where the node is a layer */
  readonly x: { readonly id: ValueId; readonly axis: number } | undefined;
  /** how often one run applies the weights; 0 where they are no layer's */
  readonly positions: number;
  /** the layer's own bias, which takes up what rounding shifts the mean output by */
  readonly bias: { readonly id: ValueId; readonly tensor: Tensor } | undefined;
}

/** One way to store it. */
export interface Encoding {
  readonly label: string;
  readonly tensor: Tensor;
  /** bits of codes, scales and entries, before compression */
  readonly bits: number;
  /** expected squared error of the output: sum over features, at one position; NaN where nothing is known of x */
  readonly error: number;
  /** the bias that keeps the mean output; undefined where there is none to change */
  readonly bias: Tensor | undefined;
  /** bytes in memory once loaded */
  readonly memory: number;
  /** multiply-adds of its layer, an integer one counted by the time it takes of a float one; 0 where it is no layer's */
  readonly macs: number;
  /** computes the layer anew instead: in integers */
  readonly rule?: Rule;
}

/** Constants below this size are not worth a decoder. */
const fewestElements = 64;

/** float32 constants that one node alone reads. */
export function findStoredPlaces(graph: Graph): StoredPlace[] {
  const readers = new Map<ValueId, Node[]>();
  for (const node of graph.nodes) for (const id of node.inputs) readers.set(id, [...(readers.get(id) ?? []), node]);
  const results = new Set(graph.outputs.map(({ value }) => value));
  return [...graph.constants].flatMap(([constant, tensor]): StoredPlace[] => {
    const [node, ...others] = readers.get(constant) ?? [];
    const output = node?.outputs[0];
    if (!node || output === undefined || others.length > 0 || results.has(constant)) return [];
    if (tensor.dtype !== 'float32' || tensor.stored || elementCount(tensor.shape) < fewestElements) return [];
    const value = graph.values.get(output);
    if (!value) return [];
    const isWeight = node.inputs[1] === constant && (node.op === 'linear' || node.op === 'conv');
    const last = value.type.shape.length - 1;
    const axis = node.op === 'conv' ? 1 : Math.max(0, last);
    const x = isWeight ? node.inputs[0] : undefined;
    const biasId = isWeight ? node.inputs[2] : undefined;
    const bias = biasId === undefined ? undefined : graph.constants.get(biasId);
    const isOwn = biasId !== undefined && readers.get(biasId)?.length === 1 && bias?.dtype === 'float32';
    const xRank = x === undefined ? 0 : (graph.values.get(x)?.type.shape.length ?? 1);
    return [
      {
        name: graph.values.get(constant)?.name ?? '',
        constant,
        tensor,
        node,
        output,
        axis,
        x: x === undefined ? undefined : { id: x, axis: node.op === 'conv' ? 1 : xRank - 1 },
        positions: isWeight ? elementCount(value.type.shape) / sizeAt(tensor.shape, 0) : 0,
        bias: isOwn && bias ? { id: biasId, tensor: bias } : undefined,
      },
    ];
  });
}

/**
 * What is known of the inputs that a layer's weights multiply: rows [count, K] in the order of the weights, or only how
 * each channel is spread.
 */
export type Evidence =
  | { readonly kind: 'rows'; readonly rows: Matrix }
  | { readonly kind: 'spread'; readonly spread: Spread }
  | { readonly kind: 'none' };

/**
 * int8 by output, int4 in groups of 32 inputs or by output, palettes, the coarse ones with their rounding compensated
 * where there are rows enough; float16 for what is no layer's weights.
 */
export function encodingsOf(place: StoredPlace, evidence: Evidence): Encoding[] {
  const { tensor } = place;
  const effectOf = makeEffect(place, evidence);
  const count = elementCount(tensor.shape);
  const cost = { memory: 4 * count, macs: macsOfPlace(place) };
  const describe = (label: string, stored: Tensor, tableBits: number): Encoding[] => {
    if (!stored.stored) return [];
    return [{ label, tensor: stored, bits: count * bitsOf(stored.stored) + tableBits, ...cost, ...effectOf(stored) }];
  };
  const half = describe('float16', storeFloat16(tensor), 0);
  if (!place.x) return half;
  const hessians = evidence.kind === 'rows' ? inverseHessians(evidence.rows) : undefined;
  const compensated = (label: string, stored: Tensor, tableBits: number): Encoding[] => {
    const nearest = describe(label, stored, tableBits);
    if (!hessians) return nearest;
    const spread = describe(`${label}, compensated`, compensateRounding(tensor, stored, hessians), tableBits);
    return (spread[0]?.error ?? Number.POSITIVE_INFINITY) < (nearest[0]?.error ?? 0) ? spread : nearest;
  };
  const integer = (bits: 8 | 4, groups: Int32Array) =>
    [storeInteger(tensor, bits, groups), 16 * (1 + (groups.at(-1) ?? 0))] as const;
  return [
    ...half,
    ...describe('int8', ...integer(8, groupByChannel(tensor.shape))),
    ...[64, 32, 16, 8, 4].flatMap((entries) =>
      compensated(`palette of ${entries}`, storePalette(tensor, entries), 32 * entries),
    ),
    ...compensated('int4', ...integer(4, groupByInputs(tensor.shape, 32))),
    ...compensated('int4 by output', ...integer(4, groupByChannel(tensor.shape))),
    ...inIntegers(place, evidence),
  ];
}

/** The layer in integers, inputs too, where kernels can do that. */
function inIntegers(place: StoredPlace, evidence: Evidence): Encoding[] {
  const { tensor, node } = place;
  const isEligible = sizeAt(tensor.shape, 1) % codesPerWord === 0 && (node.op === 'linear' || node.op === 'conv');
  if (evidence.kind !== 'rows' || !isEligible) return [];
  const { rule, error, bits } = makeIntegerLayer(tensor, evidence.rows);
  const cost = { memory: elementCount(tensor.shape), macs: integerTime * macsOfPlace(place) };
  return [{ label: 'int8 with inputs', tensor, bits, error, bias: undefined, rule, ...cost }];
}

export const macsOfPlace = ({ tensor, positions }: StoredPlace): number => elementCount(tensor.shape) * positions;

type Effect = Pick<Encoding, 'error' | 'bias'>;

/**
 * Error of y at one position, summed over outputs, and the bias that takes up the shift of its mean (Nagel et al. 2019,
 * bias correction; where there is one to change). With rows X around their mean: ||X dW'||^2 / rows. With spreads only,
 * for independent inputs: sum over n and k of dW[n,k]^2 Var(x_k).
 */
function makeEffect(place: StoredPlace, evidence: Evidence): (stored: Tensor) => Effect {
  switch (evidence.kind) {
    case 'rows':
      return effectOnRows(place, evidence.rows);
    case 'spread':
      return (stored) => effectBySpread(place, stored, evidence.spread);
    case 'none':
      return () => ({ error: Number.NaN, bias: undefined });
    default:
      return evidence satisfies never;
  }
}

function effectOnRows({ tensor, bias }: StoredPlace, rows: Matrix): (stored: Tensor) => Effect {
  const { columns } = rows;
  const outputs = elementCount(tensor.shape) / columns;
  const mean = new Float64Array(columns);
  if (bias)
    for (let i = 0; i < rows.data.length; i++)
      mean[i % columns] = (mean[i % columns] ?? 0) + (rows.data[i] ?? 0) / rows.rows;
  const centred = makeMatrix(
    rows.rows,
    columns,
    rows.data.map((v, i) => v - (mean[i % columns] ?? 0)),
  );
  return (stored) => {
    const change = makeMatrix(outputs, columns);
    for (let i = 0; i < change.data.length; i++) change.data[i] = Number(stored.data[i]) - Number(tensor.data[i]);
    const shifts = multiplyTransposed(change, centred).data;
    const error = shifts.reduce((sum, v) => sum + v * v, 0) / rows.rows;
    return { error, bias: shiftBias(bias, multiply(change, makeMatrix(columns, 1, mean)).data) };
  };
}

function effectBySpread({ tensor, node, bias }: StoredPlace, stored: Tensor, spread: Spread): Effect {
  const [outputs = 1, channels = 1, ...kernel] = sizesOf(tensor.shape);
  const taps = kernel.reduce((a, b) => a * b, 1);
  const group = node.op === 'conv' ? Number(node.attributes.group ?? 1) : 1;
  const shift = new Float64Array(outputs);
  let error = 0;
  for (let i = 0; i < stored.data.length; i++) {
    const output = Math.floor(i / (channels * taps));
    const channel = (Math.floor(i / taps) % channels) + Math.floor((output * group) / outputs) * channels;
    const change = Number(stored.data[i]) - Number(tensor.data[i]);
    const mean = bias ? (spread.mean[channel] ?? 0) : 0;
    error += change * change * Math.max(0, (spread.meanSquare[channel] ?? 0) - mean * mean);
    shift[output] = (shift[output] ?? 0) + change * mean;
  }
  return { error, bias: shiftBias(bias, shift) };
}

function shiftBias(bias: StoredPlace['bias'], shift: Float64Array): Tensor | undefined {
  if (!bias) return undefined;
  const corrected = Float32Array.from(shift, (v, n) => Number(bias.tensor.data[n]) - v);
  return makeTensor('float32', bias.tensor.shape, corrected);
}

/** The graph with these constants. */
export function withConstants(graph: Graph, tensors: ReadonlyMap<ValueId, Tensor>): Graph {
  const constants = new Map([...graph.constants].map(([id, tensor]) => [id, tensors.get(id) ?? tensor]));
  return { ...graph, constants };
}
