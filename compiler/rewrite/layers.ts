import { countReaders } from '../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { numbersOf } from '../tensor/convert.ts';
import { elementCount, sizeAt, sizesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tiedConstants } from './tied-constants.ts';
import { uniqueNames } from './unique-names.ts';

/**
 * A linear layer or an ungrouped convolution with constant float32 weights of its own. Its name is that of its output
 * value, by which plans speak of it.
 */
export interface WeightLayer {
  readonly name: string;
  readonly node: Node;
  readonly op: 'linear' | 'conv';
  readonly x: ValueId;
  readonly y: ValueId;
  /** dimension of x and of y that holds their features */
  readonly axis: number;
  /** [N, K] or [N, C, taps...], float32 */
  readonly weights: Tensor;
  /** N numbers; zeros where the layer has none */
  readonly bias: readonly number[];
  readonly outputs: number;
  /** inputs per output: K, or C times taps */
  readonly inputs: number;
  /** how often one run applies the weights */
  readonly positions: number;
}

/** Weights, without the bias. */
export const parametersOf = (layer: WeightLayer): number => layer.outputs * layer.inputs;

export const macsOf = (layer: WeightLayer): number => parametersOf(layer) * layer.positions;

/**
 * All weight layers of a graph in execution order. Layers that share weights or a name with others are left out, and those
 * whose weights are an embedding table too.
 */
export function findLayers(graph: Graph): WeightLayer[] {
  const readers = countReaders(graph);
  const found = graph.nodes.flatMap((node) => layerOf(graph, node, readers) ?? []);
  const names = uniqueNames(graph);
  const tied = new Set(tiedConstants(graph).values());
  return found.filter(({ name, node }) => names.has(name) && !tied.has(node.inputs[1] ?? -1));
}

function layerOf(graph: Graph, node: Node, readers: ReadonlyMap<ValueId, number>): WeightLayer | undefined {
  if (node.op !== 'linear' && node.op !== 'conv') return undefined;
  if (node.op === 'conv' && Number(node.attributes.group ?? 1) !== 1) return undefined;
  const [x, w, b] = node.inputs;
  const y = node.outputs[0];
  if (x === undefined || w === undefined || y === undefined || readers.get(w) !== 1) return undefined;
  const weights = graph.constants.get(w);
  const bias = b === undefined ? undefined : graph.constants.get(b);
  if (weights?.dtype !== 'float32' || weights.stored || (b !== undefined && !bias)) return undefined;
  if (node.attributes.inputScale !== undefined || graph.constants.has(x)) return undefined;
  const value = graph.values.get(y);
  if (!value) return undefined;
  const outputs = sizeAt(weights.shape, 0);
  const rank = value.type.shape.length;
  return {
    name: value.name,
    node,
    op: node.op,
    x,
    y,
    axis: node.op === 'linear' ? rank - 1 : 1,
    weights,
    bias: bias ? numbersOf(bias) : new Array<number>(outputs).fill(0),
    outputs,
    inputs: elementCount(weights.shape) / outputs,
    positions: elementCount(value.type.shape) / outputs,
  };
}

/** One tap, no padding: the layer is the same linear map at every position that it reads. */
export function isPointwise({ op, node, weights }: WeightLayer): boolean {
  if (op === 'linear') return true;
  const { pads } = node.attributes;
  return sizesOf(weights.shape.slice(2)).every((k) => k === 1) && (!Array.isArray(pads) || pads.every((p) => p === 0));
}
