import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { isTableOf, isWeightOf, tiedConstants } from '../../rewrite/tied-constants.ts';
import { elementCount, type Shape, sizeAt } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

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
  /** the value that the weights multiply, where the node is a layer, or what rows of a table become when gathered or added */
  readonly x: { readonly id: ValueId; readonly axis: number } | undefined;
  /** how often one run applies the weights; 0 where they are no layer's */
  readonly positions: number;
  /** the layer's own bias, which takes up what rounding shifts the mean output by */
  readonly bias: { readonly id: ValueId; readonly tensor: Tensor } | undefined;
  /** other nodes read it too: none may get another one of its own */
  readonly isShared: boolean;
  /** rows of it are gathered, or added to others as they are: position embeddings */
  readonly isTable: boolean;
}

/** Constants below this size are not worth a decoder. */
const fewestElements = 64;

/**
 * float32 constants that one node alone reads, or that are weights of layers and tables that rows are gathered of: one that
 * is both (tied embeddings) is stored once, for its first layer and all its readers.
 */
export function findStoredPlaces(graph: Graph): StoredPlace[] {
  const readers = new Map<ValueId, Node[]>();
  for (const node of graph.nodes) for (const id of node.inputs) readers.set(id, [...(readers.get(id) ?? []), node]);
  const ties = tiedConstants(graph);
  const results = new Set(graph.outputs.map(({ value }) => value));
  const places = [...graph.constants].flatMap(([constant, tensor]): StoredPlace[] => {
    if (ties.has(constant)) return [];
    const twins = [...ties].flatMap(([twin, main]) => (main === constant ? [twin] : []));
    const ids = [constant, ...twins];
    const own = ids.flatMap((id) => readers.get(id) ?? []);
    if (tensor.dtype !== 'float32' || tensor.stored || elementCount(tensor.shape) < fewestElements) return [];
    const layers = own.filter((reader) => ids.some((id) => isWeightOf(reader, id)));
    const tables = own.filter((reader) => ids.some((id) => isTableOf(graph, reader, id)));
    const node = layers[0] ?? own[0];
    const output = node?.outputs[0];
    const value = output === undefined ? undefined : graph.values.get(output);
    const isShared = own.length > 1;
    if (!node || output === undefined || !value || ids.some((id) => results.has(id))) return [];
    if (isShared && layers.length + tables.length < own.length) return [];
    const isWeight = layers.length > 0;
    const isTable = tables.length > 0 || isAddend(node, tensor, value.type.shape);
    const axis = node.op === 'conv' ? 1 : Math.max(0, value.type.shape.length - 1);
    // what gathers or adds rows makes them: their own spread is what an error of them is measured by
    const x = isWeight ? node.inputs[0] : isTable ? output : undefined;
    const biasId = isWeight && layers.length === 1 ? node.inputs[2] : undefined;
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
        positions: layers.reduce((sum, { outputs }) => sum + positionsOf(graph, outputs[0], tensor), 0),
        bias: isOwn && bias ? { id: biasId, tensor: bias } : undefined,
        isShared,
        isTable,
      },
    ];
  });
  return withOwnNames(places);
}

/** Plans speak of places by name: of equal names the second and later ones are numbered. */
function withOwnNames(places: readonly StoredPlace[]): StoredPlace[] {
  const counts = new Map<string, number>();
  return places.map((place) => {
    const count = (counts.get(place.name) ?? 0) + 1;
    counts.set(place.name, count);
    return count === 1 ? place : { ...place, name: `${place.name} (${count})` };
  });
}

/** Whether each of its elements is added to one of the output. */
const isAddend = ({ op }: Node, { shape }: Tensor, output: Shape): boolean =>
  op === 'add' && shape.length > 1 && elementCount(shape) === elementCount(output);

const positionsOf = (graph: Graph, output: ValueId | undefined, { shape }: Tensor): number =>
  elementCount(graph.values.get(output ?? -1)?.type.shape ?? []) / sizeAt(shape, 0);

export const macsOfPlace = ({ tensor, positions }: StoredPlace): number => elementCount(tensor.shape) * positions;

/** The graph with these constants, and those tied to them likewise. */
export function withConstants(graph: Graph, tensors: ReadonlyMap<ValueId, Tensor>): Graph {
  const ties = tensors.size > 0 ? tiedConstants(graph) : new Map<ValueId, ValueId>();
  const constants = new Map(
    [...graph.constants].map(([id, tensor]) => [id, tensors.get(id) ?? tensors.get(ties.get(id) ?? id) ?? tensor]),
  );
  return { ...graph, constants };
}
