import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { uniqueNames } from '../rewrite/unique-names.ts';
import { type ValueView, viewOf } from '../rewrite/unit-map.ts';
import { sameShape, sizeAt, sizesOf } from '../tensor/shape.ts';
import { branchBetween, isLayer, macsOfNode, weightsOfNode } from './branch.ts';

/** y = x + f(x): f starts at x alone, has weights, and nothing reads its values outside. */
export interface ResidualBlock {
  /** of y, unlike that of any other value */
  readonly name: string;
  readonly x: ValueId;
  readonly y: ValueId;
  /** which input of the sum is x */
  readonly skip: 0 | 1;
  /** dimension of x and y that holds the features, and the form that a map of them takes */
  readonly axis: number;
  readonly op: 'linear' | 'conv';
  /** of f, in execution order */
  readonly nodes: readonly Node[];
  readonly parameters: number;
  readonly macs: number;
  /** a linear map in its place merges with the layer before it or behind it */
  readonly isBesideLayer: boolean;
}

/** Nodes of a block at most. */
const mostNodes = 256;

/** All residual blocks of a graph, in execution order; blocks may lie within others. */
export function findResidualBlocks(graph: Graph): ResidualBlock[] {
  const view = viewOf(graph);
  const names = uniqueNames(graph);
  return graph.nodes.flatMap((node) => {
    if (node.op !== 'add') return [];
    const block = blockAt(graph, view, node, 0) ?? blockAt(graph, view, node, 1);
    return block && names.has(block.name) ? [block] : [];
  });
}

function blockAt(graph: Graph, view: ValueView, sum: Node, skip: 0 | 1): ResidualBlock | undefined {
  const [x, branch] = [sum.inputs[skip], sum.inputs[1 - skip]];
  const [y] = sum.outputs;
  if (x === undefined || branch === undefined || y === undefined || view.known(x)) return undefined;
  const { dtype, shape } = view.typeOf(y);
  if (dtype !== 'float32' || !sameShape(view.typeOf(x).shape, shape)) return undefined;
  if (!sameShape(view.typeOf(branch).shape, shape)) return undefined;
  const nodes = branchBetween(view, x, branch, mostNodes);
  const layers = nodes?.filter((node) => isLayer(node) && view.known(node.inputs[1] ?? -1)) ?? [];
  const last = layers.at(-1);
  if (!nodes || !last) return undefined;
  const op = last.op === 'linear' ? 'linear' : 'conv';
  const axis = op === 'linear' ? shape.length - 1 : 1;
  if (sizeAt(shape, axis) !== sizeAt(view.typeOf(last.inputs[1] ?? -1).shape, 0)) return undefined;
  const own = layers.filter(({ inputs }) => view.uses(inputs[1] ?? -1) === 1);
  return {
    name: graph.values.get(y)?.name ?? '',
    x,
    y,
    skip,
    axis,
    op,
    nodes,
    parameters: own.reduce((all, node) => all + weightsOfNode(view, node), 0),
    macs: nodes.reduce((all, node) => all + macsOfNode(view, node), 0),
    isBesideLayer: isBesideLayer(graph, view, x, y, nodes),
  };
}

function isBesideLayer(graph: Graph, view: ValueView, x: ValueId, y: ValueId, nodes: readonly Node[]): boolean {
  const before = view.producer(x);
  const inside = nodes.flatMap(({ inputs }) => inputs.filter((id) => id === x)).length;
  if (before && isLayer(before) && Number(before.attributes.group ?? 1) === 1 && view.uses(x) === inside + 1)
    return true;
  const behind = graph.nodes.find(({ inputs }) => inputs[0] === y);
  return view.uses(y) === 1 && behind !== undefined && isPointwise(view, behind);
}

function isPointwise(view: ValueView, { op, attributes, inputs }: Node): boolean {
  if (op === 'linear') return true;
  const { pads } = attributes;
  const kernel = sizesOf(view.typeOf(inputs[1] ?? inputs[0] ?? -1).shape).slice(2);
  const isUnpadded = !Array.isArray(pads) || pads.every((pad) => pad === 0);
  return op === 'conv' && Number(attributes.group ?? 1) === 1 && isUnpadded && kernel.every((k) => k === 1);
}
