import { bug } from '../diagnostics/index.ts';
import { countReaders } from '../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { elementCount, sizesOf } from '../tensor/shape.ts';
import { flowsInto, flowsOutOf, type SizedNode } from './channel-flow.ts';
import type { ChannelGroup, Features, UnitReader, UnitWeights } from './channel-groups.ts';
import { sizedNode } from './cut-width.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { findLayers, type WeightLayer } from './layers.ts';

/** What is looked up again and again while channels are followed. */
interface Context {
  readonly graph: Graph;
  readonly layers: ReadonlyMap<Node, WeightLayer>;
  readonly producers: ReadonlyMap<ValueId, Node>;
  readonly readers: ReadonlyMap<ValueId, readonly Node[]>;
  readonly uses: ReadonlyMap<ValueId, number>;
  readonly outputs: ReadonlySet<ValueId>;
}

export function contextOf(graph: Graph): Context {
  const readers = new Map<ValueId, Node[]>();
  for (const node of graph.nodes)
    for (const id of new Set(node.inputs)) readers.set(id, [...(readers.get(id) ?? []), node]);
  return {
    graph,
    layers: new Map(findLayers(graph).map((layer) => [layer.node, layer])),
    producers: new Map(graph.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const))),
    readers,
    uses: countReaders(graph),
    outputs: new Set(graph.outputs.map(({ value }) => value)),
  };
}

/** Features of a value while their units are still being found. */
interface Draft {
  readonly axis: number;
  readonly units: readonly number[];
}

/** The units that a layer's outputs are of, with all that carries them; or why they cannot be cut. */
export const traceChannels = (context: Context, layer: WeightLayer): ChannelGroup | string =>
  new Tracer(context).trace(layer);

/** Follows the outputs of one layer both ways through all that keeps features apart. */
class Tracer {
  readonly #context: Context;
  /** features that can only go together are in one set */
  readonly #sets = new DisjointSets();
  readonly #drafts = new Map<ValueId, Draft>();
  readonly #queue: ValueId[] = [];
  readonly #passed = new Map<Node, number>();
  readonly #writers = new Map<Node, ValueId>();
  readonly #readers = new Set<WeightLayer>();

  constructor(context: Context) {
    this.#context = context;
  }

  trace(start: WeightLayer): ChannelGroup | string {
    const { name } = start;
    this.#draft(start.y, start.axis);
    for (const id of this.#queue) {
      const fault = this.#follow(id);
      if (fault !== undefined) return fault;
    }
    if (this.#readers.size === 0) return `no layer reads "${name}"`;
    return this.#finish();
  }

  #follow(id: ValueId): string | undefined {
    const { graph, producers, readers, outputs } = this.#context;
    const axis = this.#drafts.get(id)?.axis ?? 0;
    const name = nameOf(graph, id);
    if (outputs.has(id)) return `"${name}" is an output`;
    const producer = producers.get(id);
    if (!producer) return `"${name}" is an input`;
    return (
      this.#followProducer(producer, id, axis) ??
      first(readers.get(id) ?? [], (reader) => this.#followReader(reader, id, axis))
    );
  }

  #followProducer(node: Node, id: ValueId, axis: number): string | undefined {
    const layer = this.#context.layers.get(node);
    if (layer && axis === layer.axis) {
      this.#writers.set(node, id);
      return undefined;
    }
    return this.#pass(node, flowsInto(this.#sized(node), axis), axis);
  }

  #followReader(node: Node, id: ValueId, axis: number): string | undefined {
    const layer = this.#context.layers.get(node);
    const { graph } = this.#context;
    if (layer) {
      const rank = graph.values.get(id)?.type.shape.length ?? 0;
      const isRead = layer.x === id && axis === (layer.op === 'linear' ? rank - 1 : 1);
      if (!isRead) return `${describe(node)} reads "${nameOf(graph, id)}" along another dimension`;
      this.#readers.add(layer);
      return undefined;
    }
    const found = first(node.inputs, (input, i) => (input === id ? flowsOutOf(this.#sized(node), i, axis) : undefined));
    return this.#pass(node, found?.flows, found?.axis ?? 0);
  }

  /** Joins the features of a node's output with those of its inputs; says why where it cannot. */
  #pass(node: Node, flows: ReturnType<typeof flowsInto>, axis: number): string | undefined {
    const { graph } = this.#context;
    const [y] = node.outputs;
    const fault = y === undefined || !flows ? `${describe(node)} mixes its features` : this.#refuses(node, axis);
    if (fault !== undefined || y === undefined || !flows) return fault;
    const before = this.#passed.get(node);
    if (before === axis) return undefined;
    if (before !== undefined) return `${describe(node)} carries it along two dimensions`;
    this.#passed.set(node, axis);
    const output = this.#draft(y, axis);
    if (output === undefined) return `"${nameOf(graph, y)}" carries it along two dimensions`;
    for (const { input, axis: from, first: start, source } of flows) {
      const id = node.inputs[input] ?? -1;
      if (graph.constants.has(id)) continue;
      const units = this.#draft(id, from);
      if (units === undefined) return `"${nameOf(graph, id)}" carries it along two dimensions`;
      source.forEach((feature, i) => {
        const [a, b] = [output[start + i], units[feature]];
        if (a === undefined || b === undefined) throw bug('a flow beyond the features of its values');
        this.#sets.join(a, b);
      });
    }
    return undefined;
  }

  /** Weights between are cut with the units: they must be constants that nothing else reads. */
  #refuses(node: Node, axis: number): string | undefined {
    const { graph, uses } = this.#context;
    if (node.op === 'slice' && !this.#isOwnPart(node, axis)) return `${describe(node)} takes a part that others read`;
    if (node.op !== 'conv' && node.op !== 'linear') return undefined;
    const [w, b] = node.inputs.slice(1);
    const weights = w === undefined ? undefined : graph.constants.get(w);
    if (weights?.dtype !== 'float32' || weights.stored) return `${describe(node)} has no float32 weights`;
    if (w !== undefined && uses.get(w) !== 1) return `${describe(node)} shares its weights`;
    if (b !== undefined && !graph.constants.has(b)) return `${describe(node)} has a live bias`;
    const isFilter = node.op === 'conv' && Number(node.attributes.group ?? 1) > 1;
    return isFilter ? undefined : `${describe(node)} is no layer of its own`;
  }

  /**
   * A slice of all features, or the only reader of those that it takes, all others being such slices. Parts become values of
   * their own, each with all that makes it: nothing else may read that, or it would be made once more.
   */
  #isOwnPart(node: Node, axis: number): boolean {
    const [x = -1] = node.inputs;
    const { readers, outputs } = this.#context;
    if (this.#sizes(x)[axis] === this.#sizes(node.outputs[0] ?? -1)[axis]) return true;
    if (!this.#isMadeAlone(x, axis)) return false;
    const parts = (readers.get(x) ?? []).map((reader) =>
      reader.op === 'slice' ? partOf(this.#sized(reader), axis) : [],
    );
    const all = parts.flat();
    return !outputs.has(x) && parts.every((part) => part.length > 0) && new Set(all).size === all.length;
  }

  /** Nothing else reads what the features of a value are made of, back to the layers that make them. */
  #isMadeAlone(value: ValueId, axis: number): boolean {
    const { producers, layers, graph, uses } = this.#context;
    const reads = new Map<ValueId, number>();
    const waiting = new Map([[value, axis]]);
    for (const [id, along] of waiting) {
      const node = producers.get(id);
      const flows = node && !layers.has(node) ? (flowsInto(this.#sized(node), along) ?? []) : [];
      for (const { input, axis: from } of flows) {
        const source = node?.inputs[input] ?? -1;
        if (graph.constants.has(source)) continue;
        reads.set(source, (reads.get(source) ?? 0) + 1);
        waiting.set(source, from);
      }
    }
    return [...reads].every(([id, count]) => uses.get(id) === count);
  }

  #draft(id: ValueId, axis: number): readonly number[] | undefined {
    const found = this.#drafts.get(id);
    if (found) return found.axis === axis ? found.units : undefined;
    const count = this.#sizes(id)[axis] ?? 0;
    const units = Array.from({ length: count }, () => this.#sets.add());
    this.#drafts.set(id, { axis, units });
    this.#queue.push(id);
    return units;
  }

  #finish(): ChannelGroup | string {
    const { graph } = this.#context;
    const numbers = new Map<number, number>();
    const featuresOf = (value: ValueId): Features => {
      const { axis, units } = this.#drafts.get(value) ?? { axis: 0, units: [] };
      return { value, axis, units: units.map((unit) => numberOf(this.#sets.root(unit))) };
    };
    const numberOf = (root: number): number => {
      const number = numbers.get(root) ?? numbers.size;
      numbers.set(root, number);
      return number;
    };
    const writers = graph.nodes.flatMap((node) => {
      const id = this.#writers.get(node);
      return id === undefined ? [] : this.#weightsOf(node, featuresOf(id));
    });
    const depthwise = graph.nodes.flatMap((node) => {
      const [y] = node.outputs;
      const isFilter = node.op === 'conv' && this.#passed.has(node);
      return isFilter && y !== undefined ? this.#weightsOf(node, featuresOf(y)) : [];
    });
    const readers: UnitReader[] = [];
    for (const layer of this.#context.layers.values()) {
      if (!this.#readers.has(layer)) continue;
      const seen = this.#seenBy(layer, featuresOf);
      if (!seen) return `${describe(layer.node)} reads several features of a unit`;
      readers.push({ layer, x: featuresOf(layer.x), seen });
    }
    return { width: numbers.size, writers, depthwise, readers };
  }

  #weightsOf(node: Node, { value, units }: Features): UnitWeights {
    const weights = this.#context.graph.constants.get(node.inputs[1] ?? -1)?.shape ?? [];
    const positions = this.#sizes(value).reduce((all, size) => all * size, 1) / units.length;
    return { node, weights: elementCount(weights) / units.length, positions, units };
  }

  /** Back over reshapes and transposes to where every feature is a unit of its own. */
  #seenBy(layer: WeightLayer, featuresOf: (id: ValueId) => Features): Features | undefined {
    let id = layer.x;
    for (;;) {
      const features = featuresOf(id);
      const count = new Set(features.units).size;
      if (count === features.units.length) return features;
      const producer = this.#context.producers.get(id);
      const [source] = producer?.inputs ?? [];
      if (source === undefined || (producer?.op !== 'reshape' && producer?.op !== 'transpose')) return undefined;
      id = source;
    }
  }

  #sizes = (id: ValueId): readonly number[] => sizesOf(this.#context.graph.values.get(id)?.type.shape ?? []);

  #sized = (node: Node): SizedNode => sizedNode(node, this.#sizes);
}

const nameOf = (graph: Graph, id: ValueId): string => graph.values.get(id)?.name ?? '';

/** Features that a slice takes; none where it does not take them in order. */
const partOf = (node: SizedNode, axis: number): readonly number[] => flowsInto(node, axis)?.[0]?.source ?? [];

const describe = (node: Node): string => `${node.op} "${node.name}"`;

/** The first answer that is not undefined. */
function first<T, R>(items: readonly T[], answer: (item: T, i: number) => R | undefined): R | undefined {
  for (const [i, item] of items.entries()) {
    const found = answer(item, i);
    if (found !== undefined) return found;
  }
  return undefined;
}
