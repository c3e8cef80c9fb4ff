import { evaluateNode } from '../ir/evaluate.ts';
import type { Node, ValueId } from '../ir/graph.ts';
import { makeMatrix } from '../linalg/matrix.ts';
import { numbersOf, tensorOf } from '../tensor/convert.ts';
import { elementCount, sizeAt, sizesOf } from '../tensor/shape.ts';
import type { LinearMap } from './collapse.ts';
import { float32 } from './factor-layer.ts';
import type { Rewriter } from './rebuild.ts';
import type { ValueView } from './unit-map.ts';

/** How rows of features [batch, length, heads width] and heads [prefix..., length, width] hold the same elements. */
export interface HeadLayout {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  /** sizes before length and width; their product is batch heads */
  readonly prefix: readonly number[];
  /** feature of (head, element), row-major [heads, width] */
  readonly features: readonly number[];
}

/** Queries, keys or values as a linear layer computes and movement arranges them. */
export interface HeadSource {
  readonly layer: Node;
  /** from the layer to the value, values read by one another */
  readonly path: readonly Node[];
  readonly layout: HeadLayout;
}

const movers: ReadonlySet<string> = new Set(['reshape', 'transpose', 'slice']);

/** Undefined where other nodes stand between a layer of constant weights and the heads, or they mix positions. */
export function sourceOfHeads(view: ValueView, id: ValueId): HeadSource | undefined {
  const path = pathTo(view, id, 'linear');
  const [layer, ...moves] = path ?? [];
  const [, w, b] = layer?.inputs ?? [];
  const [y] = layer?.outputs ?? [];
  const weights = w === undefined ? undefined : view.known(w);
  if (!path || !layer || y === undefined || weights?.dtype !== 'float32' || weights.stored) return undefined;
  if (b !== undefined && !view.known(b)) return undefined;
  const rows = sizesOf(view.typeOf(y).shape);
  const layout = layoutOf(sizesOf(view.typeOf(id).shape), rows, moveIndices(rows, moves));
  return layout && { layer, path, layout };
}

/** The attention whose result, moved only, is the rows that a layer reads. */
export function attentionBefore(view: ValueView, x: ValueId) {
  const path = pathTo(view, x, 'attention');
  const [attention, ...moves] = path ?? [];
  const [y] = attention?.outputs ?? [];
  if (!path || !attention || y === undefined) return undefined;
  const heads = sizesOf(view.typeOf(y).shape);
  const rows = sizesOf(view.typeOf(x).shape);
  const layout = layoutOf(heads, rows, invert(moveIndices(heads, moves)));
  return layout && { attention, path, layout };
}

/** The node of that op behind a value, and the movement from there to it, in order. */
function pathTo(view: ValueView, id: ValueId, op: Node['op']): Node[] | undefined {
  const path: Node[] = [];
  for (let at: ValueId | undefined = id; at !== undefined; ) {
    const node = view.producer(at);
    if (!node) return undefined;
    path.unshift(node);
    if (node.op === op) return path;
    if (!movers.has(node.op)) return undefined;
    at = node.inputs[0];
  }
  return undefined;
}

/** Where each element comes from after the moves, as a row-major index into a tensor of these sizes. */
function moveIndices(sizes: readonly number[], moves: readonly Node[]): readonly number[] {
  const count = sizes.reduce((a, b) => a * b, 1);
  let tensor = tensorOf(
    'int32',
    sizes,
    Array.from({ length: count }, (_, i) => i),
  );
  for (const { op, attributes } of moves) tensor = evaluateNode(op, attributes, [tensor])[0] ?? tensor;
  return numbersOf(tensor);
}

function invert(indices: readonly number[]): readonly number[] {
  const inverse = new Array<number>(indices.length).fill(-1);
  for (const [to, from] of indices.entries()) inverse[from] = to;
  return inverse;
}

/** `rowOf`: the element of `rows` [..., features] that each element of `heads` [prefix..., length, width] is. */
function layoutOf(heads: readonly number[], rows: readonly number[], rowOf: readonly number[]): HeadLayout | undefined {
  const [length = 1, width = 1] = heads.slice(-2);
  const prefix = heads.slice(0, -2);
  const features = rows.at(-1) ?? 1;
  const positions = rows.slice(0, -1).reduce((a, b) => a * b, 1);
  const [batch, outer] = [positions / length, prefix.reduce((a, b) => a * b, 1)];
  const count = outer / batch;
  if (!Number.isInteger(batch) || !Number.isInteger(count) || count < 1) return undefined;
  const order = Array.from({ length: count * width }, (_, at) => {
    const [head, element] = [Math.floor(at / width), at % width];
    return (rowOf[head * length * width + element] ?? -1) % features;
  });
  const isRegular = rowOf.every((row, at) => {
    const element = at % width;
    const position = Math.floor(at / width) % length;
    const [entry, head] = [Math.floor(at / (width * length * count)), Math.floor(at / (width * length)) % count];
    return row === (entry * length + position) * features + (order[head * width + element] ?? -1);
  });
  return isRegular ? { batch, heads: count, length, width, prefix, features: order } : undefined;
}

/** The layer's rows of each head: weights [width, K], bias [width]. */
export function headMaps(view: ValueView, { layer, layout }: HeadSource): LinearMap[] {
  const [, w, b] = layer.inputs;
  const weights = w === undefined ? undefined : view.known(w);
  const bias = b === undefined ? undefined : view.known(b);
  if (!weights) return [];
  const inputs = sizeAt(weights.shape, 1);
  const shifts = bias ? numbersOf(bias) : new Array<number>(elementCount(weights.shape) / inputs).fill(0);
  const { width, features } = layout;
  return Array.from({ length: layout.heads }, (_, head) => {
    const own = features.slice(head * width, (head + 1) * width);
    const data = new Float64Array(width * inputs);
    for (const [i, feature] of own.entries()) {
      for (let k = 0; k < inputs; k++) data[i * inputs + k] = Number(weights.data[feature * inputs + k]);
    }
    return {
      weights: makeMatrix(width, inputs, data),
      bias: Float64Array.from(own, (feature) => shifts[feature] ?? 0),
    };
  });
}

/** One layer for all heads, and its rows as heads [prefix..., length, width of the maps]. */
export function emitHeads(
  rewriter: Rewriter,
  x: ValueId,
  maps: readonly LinearMap[],
  { batch, heads, length, prefix }: HeadLayout,
  name: string,
): ValueId {
  const [{ weights: first } = { weights: makeMatrix(0, 0) }] = maps;
  const [width, inputs] = [first.rows, first.columns];
  const weights = Float64Array.from(maps.flatMap((map) => [...map.weights.data]));
  const bias = Float64Array.from(maps.flatMap((map) => [...map.bias]));
  const w = rewriter.constant(float32([heads * width, inputs], weights), `${name}.weights`);
  const b = rewriter.constant(float32([heads * width], bias), `${name}.bias`);
  const rows = rewriter.add('linear', [x, w, b], {}, name);
  const split = rewriter.add('reshape', [rows], { shape: [batch, length, heads, width] }, name);
  const turned = rewriter.add('transpose', [split], { perm: [0, 2, 1, 3] }, name);
  return rewriter.add('reshape', [turned], { shape: [...prefix, length, width] }, name);
}

/** Heads [prefix..., length, width] as rows [lead..., heads width], features head by head. */
export function joinHeads(
  rewriter: Rewriter,
  id: ValueId,
  { batch, heads, length }: HeadLayout,
  lead: readonly number[],
  name: string,
): ValueId {
  const width = sizeAt(rewriter.typeOf(id).shape, -1);
  const split = rewriter.add('reshape', [id], { shape: [batch, heads, length, width] }, name);
  const turned = rewriter.add('transpose', [split], { perm: [0, 2, 1, 3] }, name);
  return rewriter.add('reshape', [turned], { shape: [...lead, heads * width] }, name);
}
