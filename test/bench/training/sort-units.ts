import { findHiddenGroups } from '../../../compiler/2-train/hidden-groups.ts';
import { withConstants } from '../../../compiler/3-compress/actions/quantize-weights.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { takeAlong } from '../../../compiler/rewrite/cut-width.ts';
import { findLayers, type WeightLayer } from '../../../compiler/rewrite/layers.ts';
import type { Tensor } from '../../../compiler/tensor/tensor.ts';

/**
 * The same function with the units of each hidden layer in order of the norm of their own weights, the largest first. For
 * linear layers and convolutions, each read by one other, with nothing learnt between; images may be flattened on the way.
 */
export function sortUnits(graph: Graph): Graph {
  const layers = new Map(findLayers(graph).map((layer) => [layer.node, layer]));
  const tensors = new Map<ValueId, Tensor>();
  const reorder = (id: ValueId | undefined, axis: number, order: readonly number[]): void => {
    const tensor = id === undefined ? undefined : (tensors.get(id) ?? graph.constants.get(id));
    if (id !== undefined && tensor) tensors.set(id, takeAlong(tensor, axis, order));
  };
  for (const { group } of findHiddenGroups(graph)) {
    const [writer, ...others] = group.writers.map(({ node }) => layers.get(node));
    const [reader, ...readers] = group.readers;
    if (!writer || !reader || others.length > 0 || readers.length > 0)
      throw new Error('units are sorted only between two layers');
    const order = byNorm(writer);
    const [, weights, bias] = writer.node.inputs;
    reorder(weights, 0, order);
    reorder(bias, 0, order);
    reorder(reader.layer.node.inputs[1], 1, featuresInOrder(reader.x.units, order));
  }
  return withConstants(graph, tensors);
}

/** Rows of W [N, K] or [N, C, taps...], the one of the largest sum of squares first. */
function byNorm({ weights, outputs, inputs }: WeightLayer): number[] {
  const squares = Array.from({ length: outputs }, (_, row) =>
    Float64Array.from(weights.data.slice(row * inputs, (row + 1) * inputs), Number).reduce((sum, w) => sum + w * w, 0),
  );
  return squares.map((_, row) => row).sort((a, b) => (squares[b] ?? 0) - (squares[a] ?? 0));
}

/** Where each feature comes from once units are in this order, `units[i]` being the unit of feature i. */
function featuresInOrder(units: readonly number[], order: readonly number[]): number[] {
  const features = new Map<number, number[]>();
  units.forEach((unit, feature) => {
    features.set(unit, [...(features.get(unit) ?? []), feature]);
  });
  return order.flatMap((unit) => features.get(unit) ?? []);
}
