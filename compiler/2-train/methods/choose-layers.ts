import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import type { Graph } from '../../ir/graph.ts';
import { findLayers, type WeightLayer } from '../../rewrite/layers.ts';
import { uniqueNames } from '../../rewrite/unique-names.ts';

/** A layer, and the name of its weights: by that, training knows them. */
export interface ChosenLayer extends WeightLayer {
  readonly parameter: string;
}

/**
 * Linear layers (those of attention too) and ungrouped convolutions with weights of their own: all, or those whose nodes have
 * these names.
 * @throws LccError LCC8003 where there is none, LCC8007 for a name that is not among them
 */
export function chooseLayers(method: string, graph: Graph, names?: readonly string[]): ChosenLayer[] {
  const unique = uniqueNames(graph);
  const all = findLayers(graph)
    .map((layer) => ({ ...layer, parameter: graph.values.get(layer.node.inputs[1] ?? -1)?.name ?? '' }))
    .filter(({ parameter }) => unique.has(parameter));
  if (all.length === 0)
    throw methodFindsNothing(method, 'a linear layer or ungrouped convolution with weights of its own');
  const known = all.map(({ node }) => node.name);
  const unknown = names?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0 || names?.length === 0) {
    const what = unknown.length > 0 ? `layers has "${unknown.join('", "')}", which it cannot take` : 'layers is empty';
    throw methodOptionsInvalid(method, what, `Leave layers out, or name some of ${known.join(', ')}.`);
  }
  return names ? all.filter(({ node }) => names.includes(node.name)) : all;
}
