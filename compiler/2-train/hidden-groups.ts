import { methodOptionsInvalid } from '../diagnostics/train.ts';
import type { Graph, Node } from '../ir/graph.ts';
import { type ChannelGroup, findChannelGroups, type Refusal } from '../rewrite/channel-groups.ts';
import { leastWidth } from '../rewrite/cut-prefix.ts';
import type { MethodName } from './methods/names.ts';

/** Hidden units that are cut together, named for the first of the layers that make them. */
export interface HiddenGroup {
  readonly name: string;
  readonly group: ChannelGroup;
  /** fewest units that leave every reader some */
  readonly least: number;
}

/**
 * The groups that these layers make, or all but residual streams: what blocks add to, all of them work on. Layers go by the
 * names of their nodes, or of their outputs where nodes share one. None where nothing in the graph can be cut. Messages name
 * the method.
 * @throws LccError LCC8007 for a layer that cannot be cut
 */
export function findHiddenGroups(
  graph: Graph,
  layers?: readonly string[],
  method: MethodName = 'structural-dropout',
): readonly HiddenGroup[] {
  const { groups, refusals } = findChannelGroups(graph);
  const hidden = groups.map((group) => {
    const names = group.writers.map(({ node }) => nameOf(graph, node));
    return { name: names[0] ?? '', names, group, least: leastWidth(group) };
  });
  const known = hidden.flatMap(({ names }) => names);
  if (!layers || known.length === 0) return hidden.filter(({ group }) => !isStream(graph, group));
  const unknown = layers.find((layer) => !known.includes(layer));
  if (unknown === undefined && layers.length > 0)
    return hidden.filter(({ names }) => names.some((name) => layers.includes(name)));
  const what =
    unknown === undefined
      ? 'layers is empty'
      : `the layer "${unknown}" cannot be taken: ${whyNot(graph, unknown, refusals)}`;
  throw methodOptionsInvalid(method, what, `Leave layers out, or name some of ${known.join(', ')}.`);
}

function whyNot(graph: Graph, layer: string, refusals: readonly Refusal[]): string {
  const node = graph.nodes.find((one) => nameOf(graph, one) === layer);
  const output = graph.values.get(node?.outputs[0] ?? -1)?.name;
  const refusal = refusals.find((one) => one.layer === output);
  return refusal?.reason ?? 'the model has no such linear layer or convolution';
}

function nameOf(graph: Graph, node: Node): string {
  const isUnique = graph.nodes.filter(({ name }) => name === node.name).length === 1;
  return isUnique ? node.name : (graph.values.get(node.outputs[0] ?? -1)?.name ?? '');
}

/** A block adds to units what it computes from them; gates that multiply, and units that are joined, are no streams. */
function isStream(graph: Graph, group: ChannelGroup): boolean {
  const owners = new Map<number, number>();
  for (const { units } of group.writers) for (const unit of units) owners.set(unit, (owners.get(unit) ?? 0) + 1);
  const behind = nodesBehind(graph, group);
  const later = group.writers.filter(({ node }) => behind.has(node));
  return later.some(({ units }) => units.some((unit) => (owners.get(unit) ?? 0) > 1)) && isSummed(graph, group);
}

/** Layers that read units, and all that is computed from what they answer. */
function nodesBehind(graph: Graph, { readers }: ChannelGroup): ReadonlySet<Node> {
  const behind = new Set(readers.map(({ layer }) => layer.node));
  const values = new Set(readers.map(({ layer }) => layer.y));
  for (const node of graph.nodes) {
    if (!node.inputs.some((id) => values.has(id))) continue;
    behind.add(node);
    for (const id of node.outputs) values.add(id);
  }
  return behind;
}

/** Between the layers that make units and those that read them, two values of them are added. */
function isSummed(graph: Graph, { writers, readers }: ChannelGroup): boolean {
  const carried = new Set(writers.flatMap(({ node }) => node.outputs));
  const ends = new Set(readers.map(({ layer }) => layer.node));
  for (const node of graph.nodes) {
    if (ends.has(node) || !node.inputs.some((id) => carried.has(id))) continue;
    if (node.op === 'add' && node.inputs.every((id) => carried.has(id))) return true;
    for (const id of node.outputs) carried.add(id);
  }
  return false;
}
