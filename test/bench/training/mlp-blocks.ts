import { countReaders } from '../../../compiler/ir/count-readers.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { activations } from '../../../compiler/ops/elementwise/activations.ts';
import { findLayers, parametersOf } from '../../../compiler/rewrite/layers.ts';

/** Layer, activation, layer, where nothing else reads what is between. */
export interface MlpBlock {
  /** of the second layer's output */
  readonly name: string;
  /** weights and biases of both layers */
  readonly parameters: number;
}

/** In execution order. */
export function findMlpBlocks(graph: Graph): MlpBlock[] {
  const layers = findLayers(graph);
  const readers = countReaders(graph);
  const byOutput = new Map(layers.map((layer) => [layer.y, layer]));
  return layers.flatMap((outer): MlpBlock[] => {
    const between = graph.nodes.find(({ outputs }) => outputs.includes(outer.x));
    if (!between || !Object.hasOwn(activations, between.op) || readers.get(outer.x) !== 1) return [];
    const inner = byOutput.get(between.inputs[0] ?? -1);
    if (!inner) return [];
    const biases = inner.bias.length + outer.bias.length;
    return [{ name: outer.name, parameters: parametersOf(inner) + parametersOf(outer) + biases }];
  });
}
