import { countReaders } from '../../ir/count-readers.ts';
import type { Graph, Node, Value, ValueId } from '../../ir/graph.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { sameShape, sizesOf } from '../../tensor/shape.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import type { ResidualBlock } from '../residual-blocks.ts';

/** A group of residual blocks that has several of the same structure right behind it: a layer, say, of two blocks. */
export interface MergeableRun {
  readonly front: readonly ResidualBlock[];
  readonly rear: readonly (readonly ResidualBlock[])[];
  /** the last of the rear: its output is what the front has to make */
  readonly last: ResidualBlock;
  readonly parameters: number;
  readonly macs: number;
}

/** Blocks of a group: a layer of a transformer has two. */
const groupSizes = [1, 2];
/** Rear groups: a single one is no merger, its weights would take the place of the front's. */
const rearCounts = [2, 3];
/** Runs of a graph, the deepest: each is computed on the samples. */
const mostRuns = 24;

/** All runs of groups of equal structure and shapes, the deepest first. */
export function findMergeableRuns(graph: Graph, blocks: readonly ResidualBlock[]): MergeableRun[] {
  const keys = new Map(blocks.map((block) => [block, structureOf(graph, block)]));
  const runs = chainsOf(graph, blocks).flatMap((chain) => {
    const groupAt = (start: number, size: number) => chain.slice(start, start + size);
    const keyOf = (group: readonly ResidualBlock[]) => group.map((block) => keys.get(block)).join('\n');
    return chain.flatMap((_, start) =>
      groupSizes.flatMap((size) =>
        rearCounts.flatMap((count): MergeableRun[] => {
          const front = groupAt(start, size);
          const rear = Array.from({ length: count }, (_, k) => groupAt(start + (k + 1) * size, size));
          const last = rear.at(-1)?.[size - 1];
          const isAlike = last !== undefined && rear.every((group) => keyOf(group) === keyOf(front));
          // groups of two equal blocks are runs of single ones
          if (!isAlike || (size === 2 && keyOf(groupAt(start, 1)) === keyOf(groupAt(start + 1, 1)))) return [];
          const all = [...front, ...rear.flat()];
          const sum = (of: 'parameters' | 'macs'): number => all.reduce((total, block) => total + block[of], 0);
          return [{ front, rear, last, parameters: sum('parameters'), macs: sum('macs') }];
        }),
      ),
    );
  });
  return runs.slice(-mostRuns).reverse();
}

/** Blocks one behind another, each read by the next alone. */
function chainsOf(graph: Graph, blocks: readonly ResidualBlock[]): ResidualBlock[][] {
  const uses = countReaders(graph);
  const behind = new Map(blocks.map((block) => [block.x, block]));
  const nextOf = ({ y }: ResidualBlock): ResidualBlock | undefined => {
    const next = behind.get(y);
    const reads = next?.nodes.flatMap(({ inputs }) => inputs).filter((id) => id === y).length ?? 0;
    return uses.get(y) === reads + 1 ? next : undefined;
  };
  const seconds = new Set(blocks.map(nextOf));
  return blocks
    .filter((block) => !seconds.has(block))
    .map((first) => {
      const chain = [first];
      for (let next = nextOf(first); next; next = nextOf(next)) chain.push(next);
      return chain;
    });
}

/** Ops, attributes and wiring of a block; constants that merge by their shape, others by what they hold. */
function structureOf(graph: Graph, { x, nodes, skip }: ResidualBlock): string {
  const places = new Map(nodes.flatMap((node, n) => node.outputs.map((id, o) => [id, `${n}.${o}`] as const)));
  const describe = (id: ValueId): string => {
    const constant = graph.constants.get(id);
    if (!constant) return id === x ? 'x' : (places.get(id) ?? `value ${id}`);
    const shape = `${constant.dtype} ${sizesOf(constant.shape)}`;
    return isMerged(constant) ? shape : `${shape} ${Array.from(constant.data, String)}`;
  };
  const parts = nodes.map(({ op, attributes, inputs }) => [
    op,
    Object.entries(attributes).sort(),
    inputs.map(describe),
  ]);
  return JSON.stringify([skip, parts], (_, value) => (typeof value === 'number' ? String(value) : value));
}

const isMerged = ({ dtype, stored }: Tensor): boolean => dtype === 'float32' && !stored;

/** Constants of the front, merged (LaCo): theta + sum over the rear of (theta_k - theta). By node and input. */
export function mergeConstants(
  graph: Graph,
  { front, rear }: MergeableRun,
): ReadonlyMap<Node, ReadonlyMap<number, Tensor>> {
  const merged = new Map<Node, Map<number, Tensor>>();
  for (const [b, block] of front.entries()) {
    for (const [n, node] of block.nodes.entries()) {
      for (const [i, id] of node.inputs.entries()) {
        const own = graph.constants.get(id);
        const others = rear.flatMap((group) => graph.constants.get(group[b]?.nodes[n]?.inputs[i] ?? -1) ?? []);
        if (!own || !isMerged(own) || others.length !== rear.length) continue;
        if (others.some((other) => !sameShape(other.shape, own.shape)) || others.every((other) => isEqual(other, own)))
          continue;
        const data = Float32Array.from({ length: own.data.length }, (_, at) => {
          const theta = Number(own.data[at]);
          return others.reduce((sum, other) => sum + (Number(other.data[at]) - theta), theta);
        });
        const ofNode = merged.get(node) ?? new Map<number, Tensor>();
        ofNode.set(i, makeTensor('float32', own.shape, data));
        merged.set(node, ofNode);
      }
    }
  }
  return merged;
}

const isEqual = (a: Tensor, b: Tensor): boolean => a === b || a.data.every((v, i) => v === b.data[i]);

/** A graph with merged fronts beside all that it had, and what each run's front then makes of its input. */
export function withMergedRuns(
  graph: Graph,
  runs: readonly MergeableRun[],
): { readonly graph: Graph; readonly made: ReadonlyMap<MergeableRun, ValueId> } {
  const values = new Map(graph.values);
  const constants = new Map(graph.constants);
  const nodes = [...graph.nodes];
  let next = Math.max(-1, ...values.keys()) + 1;
  const define = (like: Value | undefined): ValueId => {
    const id = next++;
    if (like) values.set(id, { ...like, id, name: `${like.name} merged ${id}` });
    return id;
  };
  const made = new Map(
    runs.map((run) => {
      const merged = mergeConstants(graph, run);
      const copies = new Map<ValueId, ValueId>();
      const copy = (node: Node): void => {
        const inputs = node.inputs.map((id, i) => {
          const tensor = merged.get(node)?.get(i);
          if (!tensor) return copies.get(id) ?? id;
          const constant = define(graph.values.get(id));
          constants.set(constant, tensor);
          return constant;
        });
        const outputs = node.outputs.map((id) => {
          const output = define(graph.values.get(id));
          copies.set(id, output);
          return output;
        });
        nodes.push({ ...node, inputs, outputs });
      };
      const inside = new Set(run.front.flatMap((block) => block.nodes));
      const sums = new Set(run.front.map(({ y }) => y));
      for (const node of graph.nodes) if (inside.has(node) || sums.has(node.outputs[0] ?? -1)) copy(node);
      return [run, copies.get(run.front.at(-1)?.y ?? -1) ?? -1] as const;
    }),
  );
  return { graph: { ...graph, values, constants, nodes }, made };
}

/** What leaves of a run its merged front: other constants in the front's nodes, x for every rear block but the last. */
export function mergeRules(graph: Graph, run: MergeableRun): ReadonlyMap<ValueId, Rule> {
  const rules = new Map<ValueId, Rule>();
  for (const [node, tensors] of mergeConstants(graph, run)) {
    const [y] = node.outputs;
    if (y !== undefined) rules.set(y, withTensors(node.op, tensors));
  }
  for (const { y, skip } of run.rear.flat()) if (y !== run.last.y) rules.set(y, skipTo(skip));
  return rules;
}

const withTensors =
  (op: Node['op'], tensors: ReadonlyMap<number, Tensor>): Rule =>
  ({ node, inputs }, rewriter) => {
    if (node.op !== op) return undefined;
    const merged = inputs.map((id, i) => {
      const tensor = tensors.get(i);
      return tensor ? rewriter.constant(tensor, rewriter.nameOf(id)) : id;
    });
    return [rewriter.add(node.op, merged, node.attributes, node.name)];
  };

const skipTo =
  (skip: 0 | 1): Rule =>
  ({ inputs }) => {
    const x = inputs[skip];
    return x === undefined ? undefined : [x];
  };
